//! Text that cannot break out: every name and every value of a request or a catalog goes into a program through here.

/// A Python string literal with this value: ASCII signs and letters of any script as they are, all else escaped.
#[must_use]
pub fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            ' '..='~' => literal.push(c),
            c if c.is_alphanumeric() => literal.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => literal.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => literal.push_str(&format!("\\u{code:04x}")),
                code => literal.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    literal.push('"');
    literal
}

/// A name between backticks, as Spark SQL and `F.col` read it.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A comment on one line, cut to 200 characters.
///
/// Never write it on the first two lines of a file: there Python takes `coding: …` in a comment as an order.
#[must_use]
pub fn comment(text: &str) -> String {
    let shown: String =
        text.chars().map(|c| if c.is_alphanumeric() || matches!(c, ' '..='~') { c } else { ' ' }).collect();
    let mut line: String =
        shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").chars().take(200).collect();
    line.insert_str(0, "# ");
    line
}

/// The type if it is one that Spark SQL knows, in lower case and without blanks; else None.
///
/// Simple types, `decimal(p,s)`, `char(n)`, `varchar(n)`, and arrays, maps and structs of them up to 16 deep. Field names of
/// structs come back in backticks.
#[must_use]
pub fn data_type(name: &str) -> Option<String> {
    let text: Vec<char> = name.trim().chars().collect();
    let mut reader = Types { text: &text, at: 0 };
    let found = reader.any(16)?;
    (reader.at == text.len()).then_some(found)
}

struct Types<'a> {
    text: &'a [char],
    at: usize,
}

impl Types<'_> {
    fn any(&mut self, depth: u32) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let name = self.word().to_ascii_lowercase();
        match name.as_str() {
            "tinyint" | "byte" | "smallint" | "short" | "int" | "integer" | "bigint" | "long" | "float" | "real"
            | "double" | "string" | "boolean" | "date" | "timestamp" | "timestamp_ntz" | "timestamp_ltz" | "binary" => {
                Some(name)
            }
            "decimal" | "dec" | "numeric" => {
                let arguments = self.numbers(2)?;
                let fits = match arguments.as_slice() {
                    [] => true,
                    [precision] => (1..=38).contains(precision),
                    [precision, scale] => (1..=38).contains(precision) && scale <= precision,
                    _ => false,
                };
                fits.then(|| with_numbers("decimal", &arguments))
            }
            "char" | "varchar" => {
                let arguments = self.numbers(1)?;
                (arguments.len() == 1).then(|| with_numbers(&name, &arguments))
            }
            "array" => {
                self.sign('<')?;
                let element = self.any(depth)?;
                self.sign('>')?;
                Some(format!("array<{element}>"))
            }
            "map" => {
                self.sign('<')?;
                let key = self.any(depth)?;
                self.sign(',')?;
                let value = self.any(depth)?;
                self.sign('>')?;
                Some(format!("map<{key},{value}>"))
            }
            "struct" => self.fields(depth),
            _ => None,
        }
    }

    fn fields(&mut self, depth: u32) -> Option<String> {
        self.sign('<')?;
        let mut fields = Vec::new();
        loop {
            let name = self.word();
            if name.is_empty() {
                return None;
            }
            self.sign(':')?;
            fields.push(format!("{}:{}", identifier(&name), self.any(depth)?));
            if self.sign(',').is_none() {
                break;
            }
        }
        self.sign('>')?;
        Some(format!("struct<{}>", fields.join(",")))
    }

    fn numbers(&mut self, most: usize) -> Option<Vec<u32>> {
        let mut numbers = Vec::new();
        if self.sign('(').is_none() {
            return Some(numbers);
        }
        loop {
            numbers.push(self.word().parse().ok()?);
            if self.sign(',').is_none() {
                break;
            }
        }
        self.sign(')')?;
        (numbers.len() <= most).then_some(numbers)
    }

    fn word(&mut self) -> String {
        self.blanks();
        let word: String = self.text.iter().skip(self.at).take_while(|c| c.is_alphanumeric() || **c == '_').collect();
        self.at += word.chars().count();
        word
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.blanks();
        (self.text.get(self.at) == Some(&sign)).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while self.text.get(self.at) == Some(&' ') {
            self.at += 1;
        }
    }
}

fn with_numbers(name: &str, numbers: &[u32]) -> String {
    if numbers.is_empty() {
        return name.to_owned();
    }
    let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
    format!("{name}({})", numbers.join(","))
}
