//! Components written by hand: the exports that a test names have its bodies, the others trap.

use std::fmt::Write as _;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where a body may put what it returns: 64 zero bytes, 8-aligned, and after them zeros to the end of the page.
pub(crate) const RESULT: u32 = 0x1_0000;

const DESCRIPTION: u32 = 1024;

/// The exports and the types of their parameters, as the canonical ABI flattens them.
fn signature(export: &str) -> String {
    let i32s = |count: usize| " i32".repeat(count);
    match export {
        "plan" => i32s(14),
        "generate" | "validate" => i32s(16),
        "submit" => i32s(1),
        "poll" | "cancel" | "fetch" => i32s(13),
        "log" => i32s(13) + " i64",
        _ => String::new(),
    }
}

const EXPORTS: [&str; 10] =
    ["describe", "plan", "generate", "validate", "submit", "poll", "log", "cancel", "fetch", "status"];

/// What a test changes about the guest that does nothing.
#[derive(Default)]
pub(crate) struct Guest {
    /// Imports and other fields of the core module.
    pub(crate) fields: String,
    /// Exports and their bodies, which answer an address.
    pub(crate) bodies: Vec<(&'static str, String)>,
    /// Of 64 KiB, that it starts with; at least 4.
    pub(crate) pages: u32,
    /// As the description says; `hollow` where empty.
    pub(crate) framework: &'static str,
}

impl Guest {
    /// With one body.
    pub(crate) fn with(export: &'static str, body: impl Into<String>) -> Self {
        Self { bodies: vec![(export, body.into())], ..Self::default() }
    }

    /// The component.
    pub(crate) fn wasm(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.wat()).unwrap();
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_path("../../wit").unwrap();
        let world = resolve.select_world(&[package], Some("plugin")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
    }

    fn wat(&self) -> String {
        let mut wat = format!("(module {}\n(memory (export \"memory\") {})\n", self.fields, self.pages.max(4));
        wat.push_str(REALLOC);
        let framework = if self.framework.is_empty() { "hollow" } else { self.framework };
        writeln!(wat, "(data (i32.const {DESCRIPTION}) \"{}\")", description(framework)).unwrap();
        for export in EXPORTS {
            let params = signature(export);
            let own = self.bodies.iter().find(|(name, _)| *name == export).map(|(_, body)| body.as_str());
            let body = match (own, export) {
                (Some(body), _) => body.to_owned(),
                (None, "describe") => format!("(i32.const {DESCRIPTION})"),
                (None, "validate") => format!("(i32.const {RESULT})"),
                (None, _) => "unreachable".to_owned(),
            };
            let name = format!("enginehouse:supervisor/supervisor@0.1.0#{export}");
            let params = if params.is_empty() { params } else { format!("(param{params})") };
            writeln!(wat, "(func (export \"{name}\") {params} (result i32) {body})").unwrap();
        }
        wat + ")"
    }
}

/// Hands out memory from the fourth page on and takes none back.
const REALLOC: &str = r#"
(global $next (mut i32) (i32.const 0x30000))
(func $alloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
  (global.set $next (i32.add (local.get $at) (local.get 3)))
  (block $fits (loop $more
    (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 0x10000))))
    (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))
    (br $more)))
  (local.get $at))
"#;

/// `description` in memory: the platform `local`, the rule `T001`, the option `size` and the setting `mode`.
fn description(framework: &str) -> String {
    let mut memory = Memory { bytes: vec![0; 56], at: DESCRIPTION };
    let strings: Vec<_> = [framework, "Hollow", "1.2.3"].map(|text| memory.text(text)).to_vec();
    let (local, rule, size, mode, some) =
        (memory.text("local"), memory.text("T001"), memory.text("size"), memory.text("mode"), memory.text("a summary"));
    let platform = memory.put(&[local, some.clone()].concat());
    let rules = memory.put(&[rule, vec![0; 4], some.clone(), vec![0; 8]].concat());
    let options = memory.put(&[size, some.clone(), vec![0; 12]].concat());
    let settings = memory.put(&[mode, some, vec![0; 12]].concat());
    let lists = [platform, rules, options, settings].map(|at| [at.to_le_bytes(), 1u32.to_le_bytes()].concat()).concat();
    let record = [strings.concat(), lists].concat();
    memory.bytes.splice(..record.len(), record);
    memory.bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    })
}

struct Memory {
    bytes: Vec<u8>,
    at: u32,
}

impl Memory {
    fn put(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.at + u32::try_from(self.bytes.len()).unwrap();
        self.bytes.extend_from_slice(bytes);
        at
    }

    /// The address and length of a text, as a record holds them.
    fn text(&mut self, text: &str) -> Vec<u8> {
        let at = self.put(text.as_bytes());
        [at.to_le_bytes(), u32::try_from(text.len()).unwrap().to_le_bytes()].concat()
    }
}
