//! What pandas, PyArrow, NumPy and `open` read and write, whatever the engine beside them.

use ruff_python_ast::Expr;

use crate::{Call, Chain, Program, Value, modules::within};

/// Methods of frames and figures that write a file where they are given a place.
const WRITERS: &[&str] = &[
    "to_csv",
    "to_parquet",
    "to_json",
    "to_excel",
    "to_feather",
    "to_hdf",
    "to_orc",
    "to_html",
    "to_xml",
    "to_stata",
    "to_pickle",
    "to_delta",
    "to_latex",
    "savefig",
    "tofile",
    "savetxt",
    "to_spark_io",
];

/// What a call of one of these libraries touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// A file, a prefix or a glob.
    Paths(Vec<Value>),
    /// A table or a database.
    Table,
}

/// What a call reads, as far as it is one of these libraries': none where it is not.
pub fn reads<'a>(program: &Program<'a>, call: &Call<'a>, chain: &Chain<'a>) -> Option<Touched> {
    let name = call.called(chain).filter(|_| is_first(chain))?;
    let path = chain.path().unwrap_or_default();
    let pandas = path.starts_with("pandas.") || path.starts_with("pyspark.pandas.");
    // What is read from memory was made by the program itself.
    if call.node.arguments.args.first().is_some_and(|first| is_buffer(program, first)) {
        return None;
    }
    // NumPy takes a list for the lines themselves.
    let lines =
        || matches!(call.node.arguments.args.first().and_then(|first| program.literal(first)), Some(Expr::List(_)));
    if matches!(path, "numpy.loadtxt" | "numpy.genfromtxt") && lines() {
        return None;
    }
    let paths = |place, name| Some(Touched::Paths(texts(program, call, place, &[name])));
    if path == "builtins.open" || path == "io.open" {
        return paths(0, "file");
    }
    if pandas && matches!(name, "read_sql" | "read_sql_query" | "read_sql_table" | "read_gbq") {
        return Some(Touched::Table);
    }
    let elsewhere = path.ends_with("read_html") || path.ends_with("read_clipboard") || path.ends_with("read_table");
    if path.starts_with("pandas.read_") || path.starts_with("pyspark.pandas.read_") || path.starts_with("numpy.") {
        let numpy = matches!(name, "load" | "loadtxt" | "genfromtxt" | "fromfile" | "memmap");
        let reader = (path.contains(".read_") && !elsewhere) || path == "pandas.read_table" || numpy;
        return if reader && path.matches('.').count() <= 2 { paths(0, "filepath_or_buffer") } else { None };
    }
    let reader = name.starts_with("read_") || matches!(name, "ParquetFile" | "ParquetDataset" | "dataset" | "open_csv");
    if path.starts_with("pyarrow.") && reader {
        return paths(0, "source");
    }
    None
}

/// What a call writes, as far as it is one of these libraries' or a method of their names.
pub fn writes<'a>(program: &Program<'a>, call: &Call<'a>, chain: &Chain<'a>) -> Option<Touched> {
    let name = call.called(chain)?;
    written(program, call, chain, name).filter(|_| !is_own(program, chain, name))
}

fn written<'a>(program: &Program<'a>, call: &Call<'a>, chain: &Chain<'a>, name: &str) -> Option<Touched> {
    let path = chain.path().unwrap_or_default();
    if WRITERS.contains(&name) && !path.starts_with("pyspark.sql.functions") {
        let first = call.node.arguments.args.first();
        let buffer = first.is_some_and(|first| is_buffer(program, first));
        let named =
            ["path_or_buf", "path", "excel_writer", "fname"].iter().find_map(|name| call.argument(usize::MAX, name));
        let target = first.or(named).filter(|target| !buffer && !target.is_none_literal_expr())?;
        return Some(Touched::Paths(program.texts_within(target)));
    }
    // Arrow's `to_table` reads, and takes no name.
    let named = name != "to_table" || call.spreads() || call.argument(0, "name").is_some();
    let table = matches!(name, "to_sql" | "to_gbq" | "to_table") && named && !path.starts_with("pyarrow.");
    if table && chain.length() > 1 {
        return Some(Touched::Table);
    }
    if is_first(chain) && path.starts_with("pyarrow.") && (name.starts_with("write_") || name.ends_with("Writer")) {
        let place = if name.ends_with("Writer") { 0 } else { 1 };
        return Some(Touched::Paths(texts(
            program,
            call,
            place,
            &["where", "root_path", "base_dir", "output_file", "dest", "sink"],
        )));
    }
    (is_first(chain) && path.starts_with("numpy.save")).then(|| Touched::Paths(texts(program, call, 0, &["file"])))
}

/// Whether a method may be one that a class of the program has.
pub fn is_own(program: &Program<'_>, chain: &Chain<'_>, name: &str) -> bool {
    let other = chain.path().is_some_and(|path| within(path, &["ray.data", "pandas", "pyarrow", "numpy", "pyspark"]));
    !other && program.has_method(name)
}

/// Whether nothing was called before: `read_csv(…)`, not `read_csv(…).head(…)`.
fn is_first(chain: &Chain<'_>) -> bool {
    chain.hops_back().filter(|hop| hop.call.is_some()).take(2).count() == 1
}

fn is_buffer<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    program.chains(expr).iter().any(|chain| chain.path().is_some_and(|path| path.starts_with("io.")))
}

fn texts<'a>(program: &Program<'a>, call: &Call<'a>, place: usize, names: &[&str]) -> Vec<Value> {
    let placed = call.node.arguments.args.get(place).filter(|_| !call.spreads());
    match placed.or_else(|| names.iter().find_map(|name| call.argument(usize::MAX, name))) {
        Some(expr) => program.texts_within(expr),
        None => vec![Value::unknown()],
    }
}
