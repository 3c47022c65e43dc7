//! References to results: where they are made, and where they are taken.

use enginehouse_pycheck::{
    Call, Chain, Program, Ranged,
    ast::{Expr, ExprCall, ExprName, StmtFunctionDef},
};

use super::{size, size::Size, walk::Walk};

/// Whether a call is of this function of Ray, such as `ray.get`.
pub(super) fn calls(call: &Call<'_>, path: &str) -> bool {
    call.callee.iter().any(|chain| chain.pure_path() == Some(path))
}

/// Whether a value is what this function of Ray answered, and nothing else was done to it.
pub(super) fn answers(chain: &Chain<'_>, path: &str) -> bool {
    let calls = chain.hops_back().filter(|hop| hop.call.is_some()).count();
    chain.path() == Some(path) && calls == 1 && chain.last().is_some_and(|hop| hop.call.is_some())
}

/// `f.remote(…)`.
pub(super) fn remote(expr: &Expr) -> Option<&ExprCall> {
    let Expr::Call(call) = expr else { return None };
    is_remote(call).then_some(call)
}

/// Whether a call is `….remote(…)`.
pub(super) fn is_remote(call: &ExprCall) -> bool {
    matches!(call.func.as_ref(), Expr::Attribute(method) if method.attr.as_str() == "remote")
}

/// What a call is given, by place and by name.
pub(super) fn values(call: &ExprCall) -> impl Iterator<Item = &Expr> {
    call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|keyword| &keyword.value))
}

/// Whether a function has a parameter of this name.
pub(super) fn takes(def: &StmtFunctionDef, name: &ExprName) -> bool {
    def.parameters.iter_non_variadic_params().any(|parameter| *parameter.name() == *name.id)
}

/// The call that makes each reference of a list: `[f.remote(x) for x in …]`, or `refs.append(f.remote(x))`.
pub(super) fn made<'a>(program: &Program<'a>, list: &'a Expr) -> Option<&'a ExprCall> {
    if let Some(Expr::ListComp(found)) = program.literal(list) {
        return remote(&found.elt);
    }
    let Expr::Name(name) = list else { return None };
    // What waits for some of them keeps the list short.
    let kept = program.chains(list).iter().any(|chain| chain.path() == Some("ray.wait"));
    let mut appended = program.calls().iter().filter_map(|call| {
        let Expr::Attribute(method) = call.node.func.as_ref() else { return None };
        let of = matches!(method.value.as_ref(), Expr::Name(found) if found.id == name.id);
        (of && method.attr.as_str() == "append").then_some(call.node)
    });
    match (appended.next(), appended.next()) {
        (Some(append), None) if !kept => append.arguments.args.first().and_then(remote),
        _ => None,
    }
}

/// How many references a list has where it is used: the turns of the loops that make it and do not use it.
pub(super) fn many<'a>(program: &Program<'a>, walk: &Walk<'a>, made: &'a ExprCall, used: &impl Ranged) -> Size {
    let own = walk.turns(made.range()).filter(|turn| !turn.body.contains_range(used.range()));
    let sizes = own.map(|turn| turn.over.map_or(Size::Unknown, |(iter, _)| size::of(program, iter)));
    sizes.reduce(Size::times).unwrap_or(Size::Known(1))
}
