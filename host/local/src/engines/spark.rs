//! What Spark needs beyond its packages: a file system for `s3://`, and an archive of classes that halves its start.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Engine, Error, Installed, Jvm, machine::checked};
use crate::processes::{Folder, GO, Setup, Task, sandbox};

/// Touches what nearly every program touches, so that its classes are in the archive.
const REHEARSAL: &str = include_str!("../../assets/spark/rehearsal.py");
const ARCHIVE: &str = "spark.jsa";

/// Compiles the file system with the compiler that Spark brings along: a runtime without `javac` will do.
pub(super) fn compile(jvm: &Jvm, installed: &Installed) -> Result<(), Error> {
    let jars = installed.folder.join(&installed.packages).join("pyspark/jars");
    let named = |prefixes: &[&str]| -> Result<String, Error> {
        let entries = fs::read_dir(&jars).map_err(Error::io(&jars))?;
        let paths = entries.flatten().map(|entry| entry.path());
        let wanted = paths.filter(|path| {
            path.file_name().is_some_and(|name| prefixes.iter().any(|one| name.to_string_lossy().starts_with(one)))
        });
        Ok(wanted.map(|path| path.display().to_string()).collect::<Vec<_>>().join(":"))
    };
    let making = installed.folder.join("files");
    let source = making.join("RunFileSystem.java");
    fs::create_dir_all(&making).map_err(Error::io(&making))?;
    fs::write(&source, jvm.file_system.as_bytes()).map_err(Error::io(&source))?;
    let mut compile = Command::new(java(installed));
    compile.args(["-cp", &named(&["janino-", "commons-compiler-"])?]);
    compile.args(["org.codehaus.commons.compiler.samples.CompilerDemo", "-d"]).arg(&making);
    compile.args(["-classpath", &named(&["hadoop-client-api-", "hadoop-client-runtime-", "slf4j-api-"])?]).arg(&source);
    checked(&mut compile, "compiling the file system")?;
    let mut pack = Command::new(installed.folder.join("venv/bin/python3"));
    pack.args(["-I", "-m", "zipfile", "-c", "../files.jar", "enginehouse/"]).current_dir(&making);
    checked(&mut pack, "packing the file system")?;
    fs::remove_dir_all(&making).map_err(Error::io(&making))
}

/// Runs the rehearsal once, in the very sandbox that programs get: the archive holds for its paths alone.
pub(super) fn archive(engine: &Engine, installed: &Installed) -> Result<(), Error> {
    let making = installed.folder.join("rehearsal");
    let folder = Folder::new(&making);
    let setup = Setup::of_rehearsal(engine, installed);
    let task = Task::of_rehearsal(installed);
    let laid_out = folder.lay_out(engine, &setup).and_then(|()| folder.put(&setup, &task, "", REHEARSAL));
    let told = laid_out.and_then(|()| task.hand_over()).map_err(Error::io(&making))?;
    let made = format!("/work/{ARCHIVE}");
    let ran = rehearse(sandbox(&folder, &setup, &[("ENGINEHOUSE_ARCHIVE", &made)]), &told);
    let moved = ran.and_then(|()| {
        let to = installed.folder.join(ARCHIVE);
        fs::rename(folder.work().join(ARCHIVE), &to).map_err(Error::io(&to))?;
        readable(&to)
    });
    fs::remove_dir_all(&making).map_err(Error::io(&making))?;
    moved
}

/// From this very thread: the sandbox ends with it.
fn rehearse(mut sandbox: Command, told: &str) -> Result<(), Error> {
    let failed = |detail: String| Error::Failed { what: "the rehearsal".to_owned(), detail };
    let piped = sandbox.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().map_err(|error| failed(error.to_string()))?;
    let told = [GO, told.as_bytes()].concat();
    let told = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(&told));
    let ended = told.and_then(|()| child.wait_with_output()).map_err(|error| failed(error.to_string()))?;
    if ended.status.success() { Ok(()) } else { Err(failed(String::from_utf8_lossy(&ended.stderr).into_owned())) }
}

fn readable(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    std::os::unix::fs::chown(path, Some(user), Some(group)).map_err(Error::io(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(Error::io(path))
}

fn java(installed: &Installed) -> PathBuf {
    installed.java.as_ref().map_or_else(|| PathBuf::from("java"), |home| home.join("bin/java"))
}
