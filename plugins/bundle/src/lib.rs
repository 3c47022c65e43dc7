//! The bundled plugins, built to WebAssembly and embedded.

/// A plugin that comes with the binary.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// Its framework: `spark`.
    pub name: &'static str,
    /// The component.
    pub wasm: &'static [u8],
}

/// All that come with the binary.
pub const ALL: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/all.rs"));

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn all_are_components_and_have_names_of_their_own() {
        assert!(!ALL.is_empty());
        for bundled in ALL {
            assert!(bundled.wasm.starts_with(b"\0asm\x0d\0\x01\0"), "{} is no component", bundled.name);
            assert_eq!(ALL.iter().filter(|other| other.name == bundled.name).count(), 1, "{}", bundled.name);
        }
    }
}
