//! Tasks and actors: how they are called, and what they share by mistake.

use enginehouse_corpus::{
    Mutant, Mutation, Valid,
    mutations::{at_end, deep, error, in_function, warning},
};

use super::{lone_read, on_a_cluster};

/// Statements that some rule forbids, and the text in them that is at fault.
const STATEMENTS: &[(&str, &str, &str, &str)] = &[
    (
        "R005",
        "a task is called plainly",
        "@ray.remote\ndef corpus_task(x):\n    return x\n\n\nprint(corpus_task(41))",
        "corpus_task(41)",
    ),
    (
        "R005",
        "a task with options is called plainly",
        "@ray.remote(num_cpus=1)\ndef corpus_task(x):\n    return x\n\n\nprint([corpus_task(x) for x in range(41)])",
        "corpus_task(x) for",
    ),
    (
        "R005",
        "an actor is made plainly",
        "@ray.remote\nclass CorpusActor:\n    def get(self):\n        return 41\n\n\ncorpus_actor = CorpusActor()",
        "= CorpusActor()",
    ),
    (
        "R005",
        "an actor's method is called plainly",
        "@ray.remote\nclass CorpusActor:\n    def get(self):\n        return 41\n\n\ncorpus_actor = CorpusActor.remote()\nprint(corpus_actor.get())",
        "corpus_actor.get()",
    ),
    (
        "R005",
        "a function is called as a task",
        "def corpus_plain(x):\n    return x\n\n\nray.get(corpus_plain.remote(41))",
        "corpus_plain.remote(41)",
    ),
    (
        "R005",
        "a class is made as an actor",
        "class CorpusPlain:\n    pass\n\n\ncorpus_actor = CorpusPlain.remote()",
        "CorpusPlain.remote()",
    ),
    (
        "R005",
        "a function that was made remote is called plainly",
        "def corpus_plain(x):\n    return x\n\n\ncorpus_task = ray.remote(corpus_plain)\nprint(corpus_task(41))",
        "corpus_task(41)",
    ),
    (
        "R013",
        "a task appends to a list of the module",
        "corpus_seen = []\n\n\n@ray.remote\ndef corpus_task(x):\n    corpus_seen.append(x)\n\n\nray.get(corpus_task.remote(41))",
        "corpus_seen.append(x)",
    ),
    (
        "R013",
        "a task fills a dict of the module",
        "corpus_seen = {}\n\n\n@ray.remote(num_cpus=1)\ndef corpus_task(x):\n    corpus_seen[x] = 41\n\n\nray.get(corpus_task.remote(41))",
        "corpus_seen[x] = 41",
    ),
    (
        "R013",
        "a task counts in a variable of the module",
        "corpus_count = 0\n\n\n@ray.remote\ndef corpus_task(x):\n    global corpus_count\n    corpus_count += x\n\n\nray.get(corpus_task.remote(41))",
        "global corpus_count",
    ),
];

/// The same for warnings.
const HABITS: &[(&str, &str, &str, &str)] = &[
    (
        "R006",
        "results one by one",
        "@ray.remote\ndef corpus_task(x):\n    return x\n\n\nfor corpus_x in range(41):\n    print(ray.get(corpus_task.remote(corpus_x)))",
        "ray.get(corpus_task.remote(corpus_x))",
    ),
    (
        "R006",
        "results one by one in a list",
        "@ray.remote\ndef corpus_task(x):\n    return x\n\n\nprint([ray.get(corpus_task.remote(x)) for x in range(41)])",
        "ray.get(corpus_task.remote(x))",
    ),
];

pub(super) fn all() -> Vec<Mutation> {
    let plain = STATEMENTS.iter().flat_map(|&(rule, name, statements, wrong)| {
        // In a function the names are not the module's.
        let in_function = (rule == "R005").then(|| {
            error(rule, &format!("{name}, in a function"), &[], move |valid| in_function(valid, statements, wrong))
        });
        [error(rule, name, &[], move |valid| at_end(valid, statements, wrong))].into_iter().chain(in_function)
    });
    let habits = HABITS
        .iter()
        .map(|&(rule, name, statements, wrong)| warning(rule, name, move |valid| at_end(valid, statements, wrong)));
    plain.chain(habits).chain(own()).chain(rows()).collect()
}

/// What the program itself calls.
fn own() -> Vec<Mutation> {
    vec![
        error("R005", "`.remote` is forgotten", &[], |valid| {
            let name =
                remote(valid, "def ").into_iter().find(|name| valid.code.contains(&format!("{name}.remote(")))?;
            let call = format!("{name}(");
            Mutant::at_any(valid.replace(&format!("{name}.remote("), &call)?, &call)
        }),
        error("R005", "`.remote` of an actor is forgotten", &[], |valid| {
            let name =
                remote(valid, "class ").into_iter().find(|name| valid.code.contains(&format!("{name}.remote(")))?;
            let call = format!("{name}(");
            Mutant::at_any(valid.replace(&format!("{name}.remote("), &call)?, &call)
        }),
        error("R005", "a decorator is forgotten", &[], |valid| {
            let mut names = remote(valid, "def ").into_iter().chain(remote(valid, "class "));
            let (name, header) = names.find_map(|name| {
                let header = |kind: &str| format!("@ray.remote\n{kind} {name}");
                let header = ["def", "class"].map(header).into_iter().find(|header| valid.code.contains(header))?;
                valid.code.contains(&format!("{name}.remote(")).then_some((name, header))
            })?;
            let code = valid.replace(&header, header.strip_prefix("@ray.remote\n")?)?;
            Mutant::at_any(code, &format!("{name}.remote("))
        }),
        deep("R005", "`.remote` of a method is forgotten", &[], |valid| {
            let methods = ["read", "run", "report", "share", "count", "cook", "eat", "result", "get", "apply", "put"];
            let call = methods
                .into_iter()
                .map(|method| format!(".{method}.remote("))
                .find(|call| valid.code.contains(call))?;
            let plain = call.replace(".remote(", "(");
            Mutant::at_any(valid.replace(&call, &plain)?, &plain)
        }),
    ]
}

/// All rows of a dataset, and readers that are not there.
fn rows() -> Vec<Mutation> {
    let taken = ["take_all()", "to_pandas()", "materialize().take_all()"].map(|call| {
        warning("R017", &format!("all rows are taken by {call}"), move |valid| {
            let (line, name) = lone_read(valid)?;
            let call = format!("{name}.{call}");
            Mutant::at(valid.replace(line, &format!("{line}\ncorpus_rows = {call}"))?, &call)
        })
    });
    let readers = ["read_excel", "read_feather", "read_xml", "read_parquet_bulk"].into_iter().map(|reader| {
        error("R017", &format!("there is no reader {reader}"), &["R018"], move |valid| {
            // Its version of Ray is its own.
            let (line, _) = lone_read(valid).filter(|_| !on_a_cluster(valid))?;
            let call = line.split_once("ray.data.")?.1.split_once('(')?.0;
            Mutant::at_any(valid.replace(line, &line.replace(call, reader))?, &format!("ray.data.{reader}("))
        })
    });
    readers.chain(taken).collect()
}

/// The names of functions, or classes, of the module that are decorated.
fn remote<'a>(valid: &'a Valid, kind: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = valid.code.lines().collect();
    let named = |pair: &[&'a str]| {
        let [decorator, header] = pair else { return None };
        let rest = header.strip_prefix(kind).filter(|_| decorator.starts_with("@ray.remote"))?;
        rest.split(['(', ':']).next()
    };
    lines.windows(2).filter_map(named).collect()
}
