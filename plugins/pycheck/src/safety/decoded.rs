//! Names that are hidden in codes: encoded, reversed, put together of characters.

use ruff_python_ast::{
    Expr, ExprSlice,
    visitor::{self, Visitor},
};

use crate::{Program, chain::Root, modules::within};

const DECODERS: &[&str] = &["base64", "binascii", "codecs", "zlib", "gzip", "bz2", "lzma", "struct"];
const METHODS: &[&str] = &["decode", "fromhex", "translate", "to_bytes", "b64decode", "unhexlify"];
const BUILDERS: &[&str] = &["chr", "bytes", "bytearray"];

/// Whether a string that is not known is decoded, reversed or put together of characters.
pub(super) fn is_made_of_codes<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    let mut codes = Codes(false);
    codes.visit_expr(expr);
    for chain in program.chains(expr).iter() {
        codes.0 |= chain.path().is_some_and(|path| within(path, DECODERS));
        if let Root::Value(value) = chain.root() {
            codes.visit_expr(value);
        }
        for hop in chain.hops_back() {
            codes.0 |= METHODS.contains(&hop.name.as_ref());
            hop.call.into_iter().flat_map(|call| &call.arguments.args).for_each(|argument| codes.visit_expr(argument));
        }
    }
    codes.0
}

struct Codes(bool);

impl<'a> Visitor<'a> for Codes {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0 |= match expr {
            Expr::BytesLiteral(_) | Expr::Slice(ExprSlice { step: Some(_), .. }) => true,
            Expr::Attribute(attribute) => METHODS.contains(&attribute.attr.as_str()),
            Expr::Name(name) => BUILDERS.contains(&name.id.as_str()),
            _ => false,
        };
        if !self.0 {
            visitor::walk_expr(self, expr);
        }
    }
}
