//! Changes of a program's text.

use crate::program::Valid;

impl Valid {
    /// With statements after the last one.
    pub fn append(&self, statements: &str) -> String {
        format!("{}\n{statements}\n", self.code)
    }

    /// With statements in a function that is called, after the last one.
    pub fn append_function(&self, statements: &str) -> String {
        let body = statements.lines().map(|line| format!("    {line}\n")).collect::<String>();
        format!("{}\n\ndef corpus_helper():\n{body}\n\ncorpus_helper()\n", self.code)
    }

    /// With statements after the imports at the top.
    pub fn after_imports(&self, statements: &str) -> Option<String> {
        let mut end = None;
        let (mut at, mut depth, mut importing) = (0, 0_i32, false);
        for line in self.code.split_inclusive('\n') {
            if depth == 0 {
                importing = line.starts_with("import ") || line.starts_with("from ");
            }
            at += line.len();
            if importing {
                depth += line.matches('(').count() as i32 - line.matches(')').count() as i32;
                end = (depth == 0).then_some(at).or(end);
            }
        }
        let (head, tail) = self.code.split_at(end?);
        Some(format!("{head}{statements}\n{tail}"))
    }

    /// With the first of a text in the program, behind its head, replaced.
    pub fn replace(&self, from: &str, to: &str) -> Option<String> {
        let (head, body) = self.code.split_at(self.body());
        body.contains(from).then(|| format!("{head}{}", body.replacen(from, to, 1)))
    }

    /// With all of a text in the program, behind its head, replaced.
    pub fn replace_all(&self, from: &str, to: &str) -> Option<String> {
        let (head, body) = self.code.split_at(self.body());
        body.contains(from).then(|| format!("{head}{}", body.replace(from, to)))
    }

    /// With `pass` instead of this line of the program.
    pub fn without(&self, unwanted: impl Fn(&str) -> bool) -> Option<String> {
        let mut found = false;
        let mut code = String::with_capacity(self.code.len());
        for line in self.code.split_inclusive('\n') {
            if !found && unwanted(line.trim_end()) {
                found = true;
                code.push_str(&format!("{}pass\n", " ".repeat(line.len() - line.trim_start().len())));
            } else {
                code.push_str(line);
            }
        }
        found.then_some(code)
    }
}
