//! Functions that programs bring along, each only where it is needed.

use super::code::Import;

/// The derived order is that in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    Moment,
    Typed,
    Values,
    Plain,
    Matched,
    Checked,
    Average,
    Described,
    TypeName,
    Save,
}

impl Helper {
    pub(super) fn imports(self) -> &'static [Import] {
        match self {
            Self::Plain | Self::TypeName | Self::Matched => &[Import::Arrow],
            Self::Values => &[Import::Arrow, Import::Json],
            Self::Typed | Self::Moment | Self::Checked => &[Import::Arrow, Import::Compute],
            Self::Average => &[Import::Arrow, Import::Compute, Import::Decimal],
            Self::Described => &[Import::Arrow, Import::Compute],
            Self::Save => &[Import::Arrow, Import::Pandas, Import::Parquet],
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Typed => TYPED,
            Self::Values => VALUES,
            Self::Moment => MOMENT,
            Self::Plain => PLAIN,
            Self::Matched => MATCHED,
            Self::Checked => CHECKED,
            Self::Average => AVERAGE,
            Self::Described => DESCRIBED,
            Self::TypeName => TYPE_NAME,
            Self::Save => SAVE,
        }
    }
}

const TYPED: &str = r#"
def typed(column):
    """The narrowest type that every cell of a text column fits."""
    if column.null_count == len(column):
        return column
    for kind in (pa.int32(), pa.int64(), pa.float64(), pa.date32(), pa.timestamp("us"), pa.bool_()):
        try:
            return moment(column) if pa.types.is_timestamp(kind) else column.cast(kind)
        except pa.ArrowInvalid:
            continue
    return column
"#;

const VALUES: &str = r#"
def values(cells):
    """A column of values from JSON; as text where they are of several types."""
    try:
        column = pa.chunked_array([pa.array(cells)])
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        cells = [cell if cell is None or isinstance(cell, str) else json.dumps(cell) for cell in cells]
        column = pa.chunked_array([pa.array(cells, pa.string())])
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
"#;

const MOMENT: &str = r#"
def moment(column):
    """Times from text, with or without a zone; all in UTC."""
    none = pa.scalar(None, pa.string())
    zoned = pc.match_substring_regex(column, pattern=":.*(Z|[+-][0-9][0-9]:?[0-9][0-9])$")
    local = pc.if_else(zoned, none, column).cast(pa.timestamp("us"))
    others = pc.if_else(zoned, column, none).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    return pc.coalesce(local, others)
"#;

const PLAIN: &str = r#"
def plain(column):
    """Without dictionaries, and times in UTC."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"), safe=False)
    return column
"#;

const MATCHED: &str = r#"
def matched(left, right, key):
    """Both tables with keys of one type: the wider number, or that which is no text."""
    kinds = [left.schema.field(key).type, right.schema.field(key).type]
    if kinds[0] == kinds[1]:
        return left, right
    others = [kind for kind in kinds if not pa.types.is_string(kind) and not pa.types.is_large_string(kind)]
    if not others:
        kind = pa.string()
    else:
        kind = pa.unify_schemas([pa.schema([("key", kind)]) for kind in others], promote_options="permissive")
        kind = kind.field("key").type
    left = left.set_column(left.column_names.index(key), key, left[key].cast(kind))
    return left, right.set_column(right.column_names.index(key), key, right[key].cast(kind))
"#;

const CHECKED: &str = r#"
def checked(column):
    """Refuses whole numbers whose sum may not fit 64 bits, instead of going round."""
    if pa.types.is_integer(column.type) and (pc.sum(pc.abs(column.cast(pa.float64()))).as_py() or 0) > 9.2e18:
        raise OverflowError("the sum of whole numbers does not fit 64 bits")
    return column
"#;

const AVERAGE: &str = r#"
def average(total, count):
    """Means from sums; those of decimals are exact to four more digits."""
    if not pa.types.is_decimal(total.type):
        return pc.divide(total.cast(pa.float64()), count.cast(pa.float64()))
    scale = min(total.type.scale + 4, 38)
    unit = decimal.Decimal(1).scaleb(-scale)
    with decimal.localcontext() as context:
        context.prec = 80
        context.rounding = decimal.ROUND_HALF_UP
        pairs = zip(total.to_pylist(), count.to_pylist())
        means = [None if each is None else (each / number).quantize(unit) for each, number in pairs]
    return pa.array(means, pa.decimal128(38, scale))
"#;

const DESCRIBED: &str = r#"
def described(rows):
    """Count, mean, deviation, least and greatest of the columns with numbers or text."""
    summary = {"summary": ["count", "mean", "stddev", "min", "max"]}
    for name, column in zip(rows.column_names, rows.columns):
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
        if not number and not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
            continue
        found = [len(column) - column.null_count, None, None, pc.min(column).as_py(), pc.max(column).as_py()]
        if number:
            floats = column.cast(pa.float64())
            found[1:3] = [pc.mean(floats).as_py(), pc.stddev(floats, ddof=1).as_py()]
        summary[name] = pa.array([None if value is None else str(value) for value in found], pa.string())
    return pa.table(summary)
"#;

const TYPE_NAME: &str = r#"
def type_name(kind):
    """A type in the words of catalogs."""
    names = {
        "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint", "float": "float", "double": "double",
        "bool": "boolean", "string": "string", "large_string": "string", "date32[day]": "date", "binary": "binary",
    }
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return names.get(str(kind), str(kind))
"#;

const SAVE: &str = r#"
def save(name, table):
    """Writes a table below OUTPUT_PATH, and prints its first rows."""
    pq.write_table(table, output.rstrip("/") + "/" + name + "/0.parquet")
    if table.num_rows == 0:
        print(name + ": no rows, columns " + ", ".join(table.column_names))
    else:
        print(table.slice(0, 50).to_pandas(types_mapper=pd.ArrowDtype).to_string(index=False))
"#;
