//! Installing an engine: into a folder of its own, renamed into place when it is whole.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Engine, EnginesRoot, Error, Installed,
    machine::{self, Java, Package, Python, checked},
    spark,
};

pub(super) fn install(root: &EnginesRoot, engine: &Engine, progress: &dyn Fn(&str)) -> Result<Installed, Error> {
    // The engines may come from another machine's cache folder, the sandbox does not.
    if let Ok(ready) = root.installed(&engine.name)
        && machine::is_installed(machine::SANDBOX)
    {
        return Ok(ready);
    }
    fs::create_dir_all(root.path()).map_err(Error::io(root.path()))?;
    let lock = root.path().join(format!(".{}.lock", engine.folder()));
    let lock = File::create(&lock).map_err(Error::io(&lock))?;
    if lock.try_lock().is_err() {
        progress("waiting for another installer");
        lock.lock().map_err(Error::io(root.path()))?;
    }

    sandbox_works(progress)?;
    if let Ok(ready) = root.installed(&engine.name) {
        return Ok(ready);
    }
    let python = found(machine::python, Package::Python, progress)?;
    let java = engine.jvm.as_ref().map(|_| found(machine::java, Package::Java, progress)).transpose()?;

    let folder = root.folder(engine);
    let making = root.path().join(format!(".{}.part", engine.folder()));
    for leftover in [&making, &folder] {
        if leftover.exists() {
            fs::remove_dir_all(leftover).map_err(Error::io(leftover))?;
        }
    }
    fs::create_dir(&making).map_err(Error::io(&making))?;
    let mut installed = fill(engine, &making, &python, java.as_ref(), progress)?;
    if engine.jvm.is_some() {
        progress("making the archive of classes (once, about a minute)");
        match spark::archive(engine, &installed) {
            Ok(()) => installed.archive = true,
            Err(error) => progress(&format!("without an archive of classes, runs start more slowly: {error}")),
        }
    }
    let manifest = making.join(EnginesRoot::MANIFEST);
    let text = serde_json::to_vec_pretty(&installed).map_err(|error| Error::io(&manifest)(error.into()))?;
    fs::write(&manifest, text).map_err(Error::io(&manifest))?;
    fs::rename(&making, &folder).map_err(Error::io(&folder))?;
    installed.folder = folder;
    progress(&format!("{} is ready: {}", installed.name, installed.version));
    Ok(installed)
}

fn sandbox_works(progress: &dyn Fn(&str)) -> Result<(), Error> {
    if !machine::is_installed(machine::SANDBOX) {
        machine::install_package(Package::Bubblewrap, progress)?;
    }
    machine::bubblewrap_works().map(drop).map_err(|detail| match machine::bubblewrap_mend() {
        Some(mend) => Error::Missing { what: format!("the right to start a sandbox ({detail})"), mend },
        None => Error::Failed { what: "starting a sandbox".to_owned(), detail },
    })
}

fn fill(
    engine: &Engine,
    folder: &Path,
    python: &Python,
    java: Option<&Java>,
    progress: &dyn Fn(&str),
) -> Result<Installed, Error> {
    progress(&format!("making an environment for Python {}", python.version));
    let environment = folder.join("venv");
    let mut make = Command::new(&python.executable);
    make.args(["-m", "venv"]).arg(&environment);
    let mut parts = Vec::new();
    let wanted: Vec<&str> = pins(&engine.requirements).collect();
    if wanted.is_empty() {
        make.arg("--without-pip");
    }
    checked(&mut make, "making the environment")?;
    let own_python = environment.join("bin/python3");
    if !wanted.is_empty() {
        let lock = folder.join("requirements.txt");
        fs::write(&lock, engine.requirements.as_bytes()).map_err(Error::io(&lock))?;
        let first = wanted.first().copied().unwrap_or_default();
        progress(&format!("fetching {first} and {} more (minutes, the first time)", wanted.len().saturating_sub(1)));
        let mut fetch = Command::new(&own_python);
        fetch
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"])
            .arg(&lock);
        checked(&mut fetch, "fetching the packages")?;
        parts.extend(wanted.first().map(|pin| pin.replace("==", " ")));
    }
    let ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let packages = checked(Command::new(&own_python).args(["-I", "-c", ask]), "asking Python for its folders")?;
    let packages = Path::new(packages.trim()).strip_prefix(folder).map(Path::to_path_buf);
    let packages = packages.unwrap_or_else(|_| PathBuf::from("venv"));

    parts.push(format!("Python {}", python.version));
    parts.extend(java.map(|java| format!("Java {}", java.version)));
    let installed = Installed {
        name: engine.name.to_string(),
        lock: engine.lock(),
        folder: folder.to_owned(),
        packages,
        python: python.prefix.clone(),
        java: java.map(|java| java.home.clone()),
        java_settings: java.map(Java::settings).unwrap_or_default(),
        version: parts.join(", "),
        archive: false,
    };
    if let Some(jvm) = &engine.jvm {
        progress("compiling the file system");
        spark::compile(jvm, &installed)?;
    }
    Ok(installed)
}

fn pins(requirements: &str) -> impl Iterator<Item = &str> {
    let lines = requirements.lines().filter_map(|line| line.split_whitespace().next());
    lines.filter(|line| !line.starts_with(['#', '-']))
}

fn found<T>(find: fn() -> Option<T>, package: Package, progress: &dyn Fn(&str)) -> Result<T, Error> {
    if let Some(found) = find() {
        return Ok(found);
    }
    machine::install_package(package, progress)?;
    find().ok_or_else(|| Error::Missing {
        what: package.title().to_owned(),
        mend: format!("sudo {}", machine::install_command(package).join(" ")),
    })
}
