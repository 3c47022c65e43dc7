//! How many and how much, as far as it stands in the program.

use enginehouse_pycheck::{
    Chain, Program, Root,
    ast::{Expr, Number, Operator, UnaryOp},
};

use super::reads::BOUNDS;

/// Methods that give each row of a dataset or a frame.
const ROWS: &[&str] = &["iter_rows", "iterrows", "itertuples"];

/// How many turns there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Known(u64),
    /// As many as the data has rows.
    Rows,
    Unknown,
}

impl Size {
    /// Of a loop within another.
    pub(super) fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self::Rows, _) | (_, Self::Rows) => Self::Rows,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.saturating_mul(b)),
            _ => Self::Unknown,
        }
    }

    pub(super) fn at_least(self, many: u64) -> bool {
        matches!(self, Self::Known(size) if size >= many)
    }
}

/// How many elements a loop goes through.
pub(super) fn of<'a>(program: &Program<'a>, iter: &'a Expr) -> Size {
    let all_rows = |chain: &Chain<'a>| {
        let last = chain.last().filter(|hop| hop.call.is_some());
        last.is_some_and(|hop| ROWS.contains(&hop.name.as_ref())) && !BOUNDS.iter().any(|bound| chain.has(bound))
    };
    if program.chains(iter).iter().all(all_rows) {
        return Size::Rows;
    }
    match program.literal(iter) {
        Some(Expr::List(list)) => Size::Known(list.elts.len() as u64),
        Some(Expr::Tuple(tuple)) => Size::Known(tuple.elts.len() as u64),
        Some(Expr::Call(_)) => range(program, iter).map_or(Size::Unknown, Size::Known),
        _ => Size::Unknown,
    }
}

/// The length of `range(…)`.
pub(super) fn range<'a>(program: &Program<'a>, iter: &'a Expr) -> Option<u64> {
    let Some(Expr::Call(call)) = program.literal(iter) else { return None };
    let builtin = |chain: &Chain<'a>| matches!(chain.root(), Root::Builtin("range")) && chain.is_root();
    if !program.chains(&call.func).iter().all(builtin) {
        return None;
    }
    let numbers: Vec<i64> = call.arguments.args.iter().map(|argument| int(program, argument)).collect::<Option<_>>()?;
    let length = match numbers.as_slice() {
        [stop] => *stop,
        [start, stop] => stop.checked_sub(*start)?,
        [start, stop, step] => stop.checked_sub(*start)?.checked_div(*step)?,
        _ => return None,
    };
    Some(length.max(0).unsigned_abs())
}

/// A whole number that is written out: `100_000`, `10 ** 6`, `ROWS * 2`.
pub(super) fn int<'a>(program: &Program<'a>, expr: &'a Expr) -> Option<i64> {
    match program.literal(expr)? {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) => int.as_i64(),
            _ => None,
        },
        Expr::UnaryOp(minus) if minus.op == UnaryOp::USub => int(program, &minus.operand)?.checked_neg(),
        Expr::BinOp(operation) => {
            let (left, right) = (int(program, &operation.left)?, int(program, &operation.right)?);
            match operation.op {
                Operator::Add => left.checked_add(right),
                Operator::Sub => left.checked_sub(right),
                Operator::Mult => left.checked_mul(right),
                Operator::FloorDiv => left.checked_div_euclid(right),
                Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Functions of NumPy that make an array, with the place of its shape.
const ARRAYS: &[(&str, usize)] = &[
    ("numpy.zeros", 0),
    ("numpy.ones", 0),
    ("numpy.empty", 0),
    ("numpy.full", 0),
    ("numpy.arange", 0),
    ("numpy.random.random", 0),
    ("numpy.random.normal", 2),
    ("numpy.random.uniform", 2),
    ("numpy.random.randint", 2),
];
/// Those that take each dimension as an argument.
const DIMENSIONS: &[&str] = &["numpy.random.rand", "numpy.random.randn"];

/// How many elements a value has that is made in the program: an array, `[0] * n`, `list(range(n))`.
pub(super) fn elements<'a>(program: &Program<'a>, chain: &Chain<'a>) -> Option<u64> {
    if let Root::Value(Expr::BinOp(operation)) = chain.root()
        && chain.is_root()
        && operation.op == Operator::Mult
        && let Expr::List(list) = operation.left.as_ref()
    {
        return (list.elts.len() as u64).checked_mul(int(program, &operation.right)?.try_into().ok()?);
    }
    let called: Vec<_> = chain.hops_back().filter_map(|hop| hop.call).collect();
    let ([call], Some(path)) = (called.as_slice(), chain.path()) else { return None };
    chain.last()?.call?;
    if path == "builtins.list" {
        return range(program, call.arguments.args.first()?);
    }
    if DIMENSIONS.contains(&path) {
        return product(program, call.arguments.args.iter());
    }
    let (_, place) = ARRAYS.iter().find(|(name, _)| *name == path)?;
    // `arange(start, stop)` has its length elsewhere.
    let single = path != "numpy.arange" || call.arguments.args.len() == 1;
    let shape = call.arguments.args.get(*place).or_else(|| {
        let named = |name: &str| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
        named("shape").or_else(|| named("size"))
    });
    match shape.filter(|_| single).map(|shape| (shape, program.literal(shape)))? {
        (_, Some(Expr::Tuple(shape))) => product(program, shape.elts.iter()),
        (_, Some(Expr::List(shape))) => product(program, shape.elts.iter()),
        (shape, _) => product(program, std::iter::once(shape)),
    }
}

fn product<'a>(program: &Program<'a>, mut of: impl Iterator<Item = &'a Expr>) -> Option<u64> {
    of.try_fold(1, |product: u64, next| product.checked_mul(u64::try_from(int(program, next)?).ok()?))
}
