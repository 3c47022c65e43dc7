//! A program as a package that is named by its content, so that the same program is the same package.

use std::io::{Cursor, Write as _};

use enginehouse_capabilities::{Error, Result};
use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// How the program of every package is started: no word of it is the caller's.
pub(super) const ENTRYPOINT: &str = "python main.py";
const PROGRAM: &str = "main.py";

/// The package's name and the package.
pub(super) fn of(code: &str) -> Result<(String, Vec<u8>)> {
    let zip = zipped(code).map_err(|error| Error::other("a package cannot be made of the program", error))?;
    Ok((format!("_ray_pkg_{}.zip", hex::encode(Sha256::digest(&zip))), zip))
}

fn zipped(code: &str) -> zip::result::ZipResult<Vec<u8>> {
    // Neither the hour nor the machine may be in it.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(PROGRAM, options)?;
    zip.write_all(code.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    #[test]
    fn the_same_program_is_the_same_package_and_another_is_another() {
        let (name, zip) = super::of("print(1)\n").unwrap();
        assert_eq!(super::of("print(1)\n").unwrap(), (name.clone(), zip.clone()));
        assert_ne!(super::of("print(2)\n").unwrap().0, name);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        let mut code = String::new();
        archive.by_name("main.py").unwrap().read_to_string(&mut code).unwrap();
        assert_eq!((code.as_str(), archive.len()), ("print(1)\n", 1));
    }
}
