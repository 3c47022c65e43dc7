//! Code of every shape. Only what a caller can really send: no NUL, at most a mebibyte.

use enginehouse_runtime::limit;

use crate::samples::PROGRAMS;

/// What it is like, and the code.
pub(super) type Shape = (&'static str, String);

/// Programs of several languages.
pub(super) fn plain() -> Vec<Shape> {
    PROGRAMS.iter().map(|program| ("a short program", (*program).to_owned())).collect()
}

/// Text as editors, models and attackers leave it.
pub(super) fn odd() -> Vec<Shape> {
    let mut shapes: Vec<Shape> = [
        ("code of blanks alone", " \t \n\n   \n\u{c}\n"),
        ("code with a byte order mark", "\u{feff}print(1)\n"),
        ("code with CRLF", "x = 1\r\nif x:\r\n    print(x)\r\n"),
        ("code with lone CR", "x = 1\rprint(x)\r"),
        ("code without a last line end", "x = '"),
        ("code with an unfinished string", "x = \"\"\"never closed\ny = f'{x!r:{y"),
        ("code with an unfinished bracket", "print((((1, [2, {3: 4"),
        ("code beyond ASCII", "größe = 'äöü 😀 \u{202e}\u{200d}\u{2028}'\nprint(größe, 変数)\n"),
        ("code at the ends of Unicode", "x = '\u{d7ff}\u{e000}\u{fffd}\u{ffff}\u{10ffff}'\n"),
        ("code with escapes of surrogates", "x = '\\ud800\\udfff' + \"\\uD83D\" + '\\U00110000' + '\\x'\n"),
        ("code with control characters", "x = 1\u{1}\u{7f}\u{1b}[31m\n\u{b}y\u{85}= 2\n"),
        ("no code but a model's words", "Sorry, I cannot do that.\n```python\nprint(1)\n```\n"),
    ]
    .map(|(what, code)| (what, code.to_owned()))
    .into();
    shapes.push(("code with one long line", format!("x = [{}]\n", "1, ".repeat(20_000))));
    shapes
}

/// Nested as deeply as only attackers do it.
pub(super) fn deep() -> Vec<Shape> {
    let indented: String = (0..300).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    vec![
        ("code of many brackets", format!("x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000))),
        ("code of brackets that are left open", "[".repeat(100_000)),
        ("code of many operators", format!("x = {}1\n", "not ".repeat(20_000))),
        ("code of many attributes", format!("x{}\n", ".y".repeat(20_000))),
        ("code of many calls", format!("f{}\n", "()".repeat(20_000))),
        ("code of many blocks", indented + &" ".repeat(300) + "pass\n"),
    ]
}

/// As much as the contract allows.
pub(super) fn huge() -> Vec<Shape> {
    let full = |of: &str| of.repeat(limit::CODE / of.len());
    vec![
        ("a mebibyte of statements", full("total = total + value * 2  # add it up\n")),
        ("a mebibyte of one comment", format!("#{}", full("x").split_at(1).1)),
        ("a mebibyte of one string", format!("x = '{}'", full("y").split_at(6).1)),
    ]
}
