//! What is read: files, tables, queries, and frames that the program makes of nothing.

use std::rc::Rc;

use enginehouse_pycheck::{
    Value as Path,
    ast::{Expr, ExprCall},
    paths::{self, Fit},
};
use enginehouse_sdk::{Column, ObjectSource, Source};

use super::{
    Flow, schemas,
    state::Place,
    value::{Args, Value},
};
use crate::rules::{
    columns::{Frame, of_columns, table},
    sql,
};

/// A reader with all that it was told.
#[derive(Debug, Default, Clone)]
pub(super) struct Reader<'a> {
    format: Option<Value<'a>>,
    schema: Option<Value<'a>>,
    options: Vec<(String, Value<'a>, Option<&'a Expr>)>,
    /// It was told something that cannot be told here.
    odd: bool,
    /// It need not be a reader at all: it is `read` of something that is not known.
    guessed: bool,
}

impl<'a> Flow<'_, 'a> {
    /// A method of a reader.
    pub(super) fn reader_method(&mut self, reader: &Rc<Reader<'a>>, name: &'a str, args: &Args<'a>) -> Value<'a> {
        let mut told = Reader::clone(reader);
        self.spend(1 + told.options.len());
        match name {
            "format" => told.format = Some(args.get(0, "source").cloned().unwrap_or(Value::Unknown)),
            "schema" => told.schema = Some(args.get(0, "schema").cloned().unwrap_or(Value::Unknown)),
            "option" => match (args.get(0, "key"), args.placed.get(1)) {
                (Some(Value::Text(key, _)), Some((value, expr))) => told.set(key, value.clone(), *expr),
                _ => told.odd = true,
            },
            "options" => told.take(args),
            "table" => return self.read_table(args),
            "csv" | "parquet" | "json" | "orc" | "text" | "load" | "jdbc" => {
                if name != "load" {
                    told.format = Some(Value::Text(name.into(), None));
                }
                told.take(args);
                let other = if told.guessed { Value::Unknown } else { Value::Of("DataFrame") };
                return self.load(&told, args, name).unwrap_or(other);
            }
            _ => return Value::Unknown,
        }
        Value::Reader(Rc::new(told))
    }

    fn load(&mut self, told: &Reader<'a>, args: &Args<'a>, name: &str) -> Option<Value<'a>> {
        let format = match &told.format {
            Some(format) => format.text()?.to_lowercase(),
            None => "parquet".to_owned(),
        };
        if matches!(format.as_str(), "binaryfile" | "image" | "xml") {
            return None;
        }
        if format == "jdbc" {
            let of = told.option("dbtable");
            let named = args.get(1, "table").filter(|_| name == "jdbc").or(of.map(|(value, _)| value))?;
            let plain = named.text()?.replace(['"', '`'], "");
            let relation = self.task.sources.iter().find_map(|source| match source {
                Source::Relation(relation) if relation.name.eq_ignore_ascii_case(&plain) => Some(relation),
                _ => None,
            })?;
            return Some(Value::Frame(Rc::new(of_columns(relation.columns.iter())?)));
        }
        // The second argument is a schema, or a format.
        let schema = args.get(1 + usize::from(name == "load"), "schema").filter(|_| name != "text");
        let schema = schema.or(told.schema.as_ref());
        let several = matches!(name, "parquet" | "orc");
        let schema = if several { told.schema.as_ref() } else { schema };
        if args.more || (args.placed.len() > 1 && schema.is_none() && !several) {
            return None;
        }
        if several && args.placed.len() > 1 {
            let all: Option<Vec<Rc<Frame>>> =
                args.placed.iter().map(|(path, _)| self.files(told, schema, &format, path, None)).collect();
            return Some(Value::Frame(all?.into_iter().reduce(|a, b| Rc::new(a.either(&b)))?));
        }
        let (path, expr) = match args.placed.first() {
            Some((path, expr)) => (path.clone(), *expr),
            None => told.option("path").map(|(value, expr)| (value.clone(), *expr))?,
        };
        let found = match self.elements(&path) {
            Some(all) => {
                let all: Option<Vec<Rc<Frame>>> =
                    all.iter().map(|path| self.files(told, schema, &format, path, None)).collect();
                all?.into_iter().reduce(|a, b| Rc::new(a.either(&b)))?
            }
            None => self.files(told, schema, &format, &path, expr)?,
        };
        Some(Value::Frame(found))
    }

    /// The frame that a path gives.
    fn files(
        &mut self,
        told: &Reader<'a>,
        schema: Option<&Value<'a>>,
        format: &str,
        path: &Value<'a>,
        expr: Option<&'a Expr>,
    ) -> Option<Rc<Frame>> {
        let path = match (path, expr) {
            (Value::Text(text, _), _) => Path::text(&**text),
            (_, Some(expr)) => match self.program.texts(expr).as_ref() {
                [text] => text.clone(),
                _ => return None,
            },
            _ => return None,
        };
        let objects = self.task.sources.iter().find_map(|source| match source {
            Source::Objects(objects) if paths::fit(&path, [objects.uri.as_str()]) == Fit::Yes => Some(objects),
            _ => None,
        })?;
        if let Some(schema) = schema {
            let mut names = schemas::names(self, schema)?;
            // Folders may tell more.
            if objects.uri.ends_with('/') {
                names.extend(objects.columns.iter().map(|column| Rc::from(column.name.as_str())));
            }
            return (!told.odd && !names.is_empty()).then(|| Rc::new(Frame { perhaps: true, ..Frame::new(names) }));
        }
        read(objects, told, format).map(Rc::new)
    }

    pub(super) fn read_table(&mut self, args: &Args<'a>) -> Value<'a> {
        let name = args.get(0, "tableName").and_then(Value::text).cloned();
        name.and_then(|name| self.relation(&name)).unwrap_or(Value::Of("DataFrame"))
    }

    /// `create_dynamic_frame.from_catalog(database=…, table_name=…)`.
    pub(super) fn read_catalog(&mut self, args: &Args<'a>) -> Value<'a> {
        let name = |name: &str| args.get(usize::MAX, name).and_then(Value::text);
        let full = name("database").zip(name("table_name")).map(|(database, table)| format!("{database}.{table}"));
        let frame = full.and_then(|full| table(self.task, &full));
        frame.map_or(Value::Unknown, |frame| Value::Dynamic(Rc::new(frame)))
    }

    /// What a relation in SQL has: a view of the program's, or a selected table.
    fn relation(&mut self, name: &str) -> Option<Value<'a>> {
        let plain = sql::plain(name);
        if self.views_lost || self.made_in_sql.contains(&plain) {
            return None;
        }
        match self.state.get(&Place::View(plain.as_str().into())) {
            Some(view) => Some(view.clone()),
            None => table(self.task, name).map(|frame| Value::Frame(Rc::new(frame))),
        }
    }

    /// `createOrReplaceTempView`.
    pub(super) fn make_view(&mut self, of: &Value<'a>, args: &Args<'a>) {
        match args.get(0, "name").and_then(Value::text) {
            Some(name) => {
                let name = sql::plain(name);
                self.state.set(Place::View(name.into()), of.clone());
            }
            None => self.views_lost = true,
        }
    }

    /// `spark.sql(…)`.
    pub(super) fn read_query(&mut self, args: &Args<'a>, node: Option<&'a ExprCall>) -> Value<'a> {
        let other = Value::Of("DataFrame");
        let Some(node) = node else { return other };
        if self.query(node).is_none() {
            let reads = |text: &str| {
                let first = text.trim_start().split(char::is_whitespace).next().unwrap_or_default();
                first.eq_ignore_ascii_case("select") || first.eq_ignore_ascii_case("with")
            };
            // It may make a view.
            self.views_lost |= !args.get(0, "sqlQuery").and_then(Value::text).is_some_and(|text| reads(text));
        }
        let Some((relation, projection)) = self.query(node).and_then(|query| query.projected.as_ref()) else {
            return other;
        };
        let Some(Value::Frame(frame)) = self.relation(relation) else { return other };
        if let Some(text) = args.placed.first().and_then(|(_, expr)| *expr).or(node.arguments.args.first()) {
            let uses: Vec<(Rc<str>, &'a Expr)> =
                projection.used.iter().map(|name| (Rc::from(name.as_str()), text)).collect();
            self.require(&frame, &uses, false);
        }
        let open = projection.items.contains(&sql::Item::Unnamed);
        Value::Frame(Rc::new(frame.selected(projection.items.clone(), open)))
    }

    /// `spark.createDataFrame(rows, schema)`.
    pub(super) fn create(&mut self, args: &Args<'a>) -> Value<'a> {
        let names = args.get(1, "schema").and_then(|schema| schemas::names(self, schema));
        match names.filter(|names| !names.is_empty() && !args.more) {
            Some(names) => Value::Frame(Rc::new(Frame { perhaps: true, ..Frame::new(names) })),
            None => Value::Of("DataFrame"),
        }
    }
}

impl<'a> Reader<'a> {
    /// What `read` of something is.
    pub(super) fn of(of: &Value<'a>) -> Self {
        Self { guessed: matches!(of, Value::Unknown), ..Self::default() }
    }

    /// Whether it is one of Spark's own.
    pub(super) fn is_certain(&self) -> bool {
        !self.guessed
    }

    fn set(&mut self, key: &str, value: Value<'a>, expr: Option<&'a Expr>) {
        let key = key.to_lowercase();
        self.options.retain(|(of, ..)| *of != key);
        self.options.push((key, value, expr));
    }

    /// Options by their names.
    fn take(&mut self, args: &Args<'a>) {
        self.odd |= args.more;
        for (name, value, expr) in &args.named {
            match &**name {
                "format" => self.format = Some(value.clone()),
                "schema" => self.schema = Some(value.clone()),
                name => self.set(name, value.clone(), *expr),
            }
        }
    }

    fn option(&self, key: &str) -> Option<(&Value<'a>, &Option<&'a Expr>)> {
        self.options.iter().find(|(of, ..)| of == key).map(|(_, value, expr)| (value, expr))
    }

    /// Whether an option is switched on.
    fn is_on(&self, key: &str) -> bool {
        self.option(key).is_some_and(|(value, _)| match value {
            Value::Truth(truth) => *truth,
            value => value.text().is_some_and(|text| text.eq_ignore_ascii_case("true")),
        })
    }
}

/// The frame of files without a schema of the program's own. A CSV without its header gives other names.
fn read(objects: &ObjectSource, told: &Reader<'_>, format: &str) -> Option<Frame> {
    if format == "text" {
        // Each line is one column; folders may tell more.
        let lines = objects.format.as_deref() != Some("text") && !objects.uri.ends_with('/');
        let folders = objects.columns.iter().filter(|column| !lines && column.name != "value");
        let certain = lines || !objects.columns.is_empty();
        let names = std::iter::once("value").chain(folders.map(|column| column.name.as_str())).map(Rc::from);
        return certain.then(|| Frame::new(names.collect()));
    }
    let csv = format == "csv";
    let same = objects.format.as_deref().is_none_or(|format| (format == "csv") == csv);
    let header = !csv || told.is_on("header");
    let stated = objects.properties.iter().any(|(name, value)| name == "header" && value == "false");
    // Spark's own names for what has none.
    let numbered = |(place, column): (usize, &Column)| column.name == format!("_c{place}");
    if csv && stated && !header && objects.columns.iter().enumerate().all(numbered) {
        return of_columns(objects.columns.iter());
    }
    (same && header && !(csv && stated)).then_some(())?;
    of_columns(objects.columns.iter())
}
