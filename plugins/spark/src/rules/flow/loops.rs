//! Loops: turn by turn over what is known, and until nothing changes over what is not.

use enginehouse_pycheck::ast::{Expr, Stmt};

use super::{Flow, state::Way, value::Value};

/// Turns that are gone through one by one.
const TURNS: usize = 40;
/// Turns of a loop of which nobody knows how many there are; then what still changes is unknown.
const ROUNDS: usize = 3;

/// A loop that is gone through.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    /// Where the turn began.
    mark: usize,
    /// The ways that lead to the next turn.
    next: Vec<Way<'a>>,
    /// The ways that lead out of the loop, seen from before it.
    out: Vec<Way<'a>>,
    /// Where the loop began.
    start: usize,
    /// How often it had been asked before which columns a frame has.
    inspected: u32,
}

impl<'a> Flow<'_, 'a> {
    pub(super) fn for_loop(
        &mut self,
        target: &'a Expr,
        iter: &Value<'a>,
        body: &'a [Stmt],
        otherwise: &'a [Stmt],
    ) -> bool {
        match self.elements(iter) {
            Some(elements) if elements.len() <= TURNS => {
                let start = self.begin();
                let mut falls = true;
                for element in elements {
                    falls = self.turn(|flow| {
                        flow.assign(target, element);
                        flow.body(body)
                    });
                    if !falls || self.fuel == 0 {
                        break;
                    }
                }
                let falls = falls && self.body(otherwise);
                self.end(start, falls)
            }
            elements => {
                let each = match self.open(iter) {
                    Value::Doubt => Value::Doubt,
                    _ => self.any_element(iter, elements),
                };
                // How many turns there are may hang on which columns there are.
                let doubt = matches!(each, Value::Doubt);
                if let Value::Object(_) = iter {
                    self.lose();
                }
                self.rounds(
                    true,
                    |flow| {
                        flow.assign(target, each.clone());
                        flow.doubtful(doubt, |flow| flow.body(body))
                    },
                    otherwise,
                )
            }
        }
    }

    pub(super) fn while_loop(&mut self, test: &'a Expr, body: &'a [Stmt], otherwise: &'a [Stmt]) -> bool {
        let (truth, doubt) = self.decides(test);
        if truth == Some(false) {
            return self.body(otherwise);
        }
        // `while True` ends by `break` alone.
        let ends = truth.is_none() || !test.is_boolean_literal_expr();
        self.rounds(
            ends,
            |flow| {
                flow.eval(test);
                flow.doubtful(doubt && truth.is_none(), |flow| flow.body(body))
            },
            otherwise,
        )
    }

    /// Goes through a loop until its turns change nothing.
    fn rounds(&mut self, ends: bool, mut turn: impl FnMut(&mut Self) -> bool, otherwise: &'a [Stmt]) -> bool {
        let start = self.begin();
        for round in 0..=ROUNDS {
            let mark = self.state.mark();
            self.turn(&mut turn);
            let mut way = self.state.back(mark);
            self.spend(way.len());
            way.retain(|place, value| {
                // A name that is bound in the loop alone is bound anew in each turn.
                self.state
                    .get(place)
                    .is_none_or(|before| !before.same(value) && !before.clone().or(value.clone()).same(before))
            });
            if way.is_empty() {
                break;
            }
            if round + 1 >= ROUNDS {
                way.values_mut().for_each(|value| *value = Value::Unknown);
            }
            let doubt = self.asks_in_loop();
            self.state.merge(&[Way::default(), way], doubt);
        }
        let falls = ends && self.body(otherwise);
        self.end(start, falls)
    }

    fn begin(&mut self) -> usize {
        let start = self.state.mark();
        if let Some(active) = self.active.last_mut() {
            active.loops.push(Turn { mark: start, start, inspected: self.inspected, ..Turn::default() });
        }
        start
    }

    /// One turn: whether another one may follow.
    fn turn(&mut self, inside: impl FnOnce(&mut Self) -> bool) -> bool {
        let mark = self.state.mark();
        if let Some(turn) = self.innermost() {
            turn.mark = mark;
        }
        let falls = inside(self);
        let mut next = self.innermost().map(|turn| std::mem::take(&mut turn.next)).unwrap_or_default();
        if next.is_empty() {
            return falls;
        }
        let way = self.state.back(mark);
        if falls {
            next.push(way);
        }
        let doubt = self.asks_in_loop();
        self.state.merge(&next, doubt);
        true
    }

    fn end(&mut self, start: usize, falls: bool) -> bool {
        let doubt = self.asks_in_loop();
        let turn = self.active.last_mut().and_then(|active| active.loops.pop());
        let mut out = turn.map(|turn| turn.out).unwrap_or_default();
        if out.is_empty() {
            return falls;
        }
        let way = self.state.back(start);
        if falls {
            out.push(way);
        }
        self.state.merge(&out, doubt);
        true
    }

    /// `break` and `continue`.
    pub(super) fn leave_turn(&mut self, breaks: bool) {
        let Some((mark, start)) = self.innermost().map(|turn| (turn.mark, turn.start)) else { return };
        let way = self.state.since(if breaks { start } else { mark }, |_| true);
        self.spend(way.len());
        if let Some(turn) = self.innermost() {
            if breaks { &mut turn.out } else { &mut turn.next }.push(way);
        }
    }

    /// Whether it was asked within the innermost loop which columns a frame has.
    fn asks_in_loop(&mut self) -> bool {
        let inspected = self.inspected;
        self.innermost().is_some_and(|turn| turn.inspected != inspected)
    }

    fn innermost(&mut self) -> Option<&mut Turn<'a>> {
        self.active.last_mut()?.loops.last_mut()
    }
}
