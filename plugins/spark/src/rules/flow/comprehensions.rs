//! Lists and dicts that are made of others.

use enginehouse_pycheck::ast::{Comprehension, Expr};

use super::{Flow, Of, value::Value};

/// The most elements that are made one by one.
const ELEMENTS: usize = 64;

/// What a comprehension makes.
struct Made<'a> {
    all: Vec<Vec<Value<'a>>>,
    /// There may be fewer, or more.
    vague: bool,
    /// Which of them there are tells which columns there are.
    doubt: bool,
}

impl<'a> Flow<'_, 'a> {
    /// A list of the element, or a dict of the key and the value.
    pub(super) fn comprehension(&mut self, generators: &'a [Comprehension], elements: &[&'a Expr]) -> Value<'a> {
        let environment = self.environment(self.here(), Of::Comprehension);
        let mut made = Made { all: Vec::new(), vague: false, doubt: false };
        let stops = self.stops;
        self.in_environment(environment, |flow| flow.generate(generators, elements, &mut made));
        if made.vague {
            self.stops = stops;
        }
        let values = made.all.into_iter().map(|mut element| match element.len() {
            1 => element.pop().unwrap_or(Value::Unknown),
            _ => Value::items(element),
        });
        let content = match (elements.len(), made.vague) {
            _ if made.doubt => Value::Doubt,
            (1, false) => Value::items(values.collect()),
            (1, true) => Value::each(values.reduce(Value::or).unwrap_or(Value::Unknown)),
            (_, false) => {
                let pairs = values.map(|pair| match &pair {
                    Value::Items(items) => match items.all.as_slice() {
                        [key, value] => (key.clone(), value.clone()),
                        _ => (Value::Unknown, Value::Unknown),
                    },
                    _ => (Value::Unknown, Value::Unknown),
                });
                Value::pairs(pairs.collect())
            }
            (_, true) => Value::Unknown,
        };
        self.hold(content)
    }

    fn generate(&mut self, generators: &'a [Comprehension], elements: &[&'a Expr], made: &mut Made<'a>) {
        let Some((first, rest)) = generators.split_first() else {
            let element = elements.iter().map(|element| self.eval(element)).collect();
            made.all.push(element);
            return;
        };
        let iter = self.eval(&first.iter);
        let turns = match self.elements(&iter) {
            Some(turns) if turns.len() + made.all.len() <= ELEMENTS => turns,
            turns => {
                made.vague = true;
                vec![self.any_element(&iter, turns)]
            }
        };
        'turns: for turn in turns {
            if !self.spend(1) || made.all.len() > ELEMENTS {
                made.vague = true;
                return;
            }
            self.assign(&first.target, turn);
            let mut doubt = false;
            for test in &first.ifs {
                let (truth, doubtful) = self.decides(test);
                match truth {
                    Some(false) => continue 'turns,
                    Some(true) => {}
                    None => {
                        made.vague = true;
                        doubt |= doubtful;
                    }
                }
            }
            made.doubt |= doubt;
            self.doubtful(doubt, |flow| flow.within((), |flow| flow.generate(rest, elements, made)));
        }
    }
}
