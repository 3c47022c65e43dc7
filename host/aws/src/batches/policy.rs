//! What one batch may touch: a policy that its role is cut down to.
//!
//! A policy of a job run has at most 2,048 characters. Where the inputs take more, those that lie closest together are replaced
//! by the folder that they share, again and again, until it fits: the same inputs always give the same policy, and none is wider
//! than a bucket. What may be written is never widened. The role itself stays the outer bound of all of it.

use enginehouse_capabilities::{AttemptScope, Error, ObjectUri, Result};
use serde_json::{Value, json};

use crate::arn::{ascii, escaped, of_objects as arn};

/// The most characters of a policy.
const MAX_CHARACTERS: usize = 2048;

/// The policy as the service takes it: reads the inputs, writes results and the plugin's own files, writes logs under `logs`, looks
/// tables up, and uses the keys that S3 encrypts with. `partition` is that of the ARNs: `aws`, `aws-cn`.
///
/// # Errors
/// `Invalid` where the inputs lie in too many buckets to name, or the places to write to have too long names.
pub(super) fn of(scope: &AttemptScope, logs: &ObjectUri, partition: &str) -> Result<String> {
    let writes = tidy(vec![scope.output.as_prefix(), scope.scratch.as_prefix()]);
    let inputs = scope.inputs.iter().filter(|input| !writes.iter().any(|written| written.covers(input)));
    let mut reads = tidy(inputs.cloned().collect());
    loop {
        let policy = written(&reads, &writes, &logs.as_prefix(), partition);
        if policy.len() <= MAX_CHARACTERS {
            return Ok(policy);
        }
        reads = widened(reads)?;
    }
}

fn written(reads: &[ObjectUri], writes: &[ObjectUri], logs: &ObjectUri, partition: &str) -> String {
    let arns = |uris: &[ObjectUri]| -> Vec<_> { uris.iter().map(|uri| arn(uri, partition)).collect() };
    let mut statements = Vec::new();
    let folders = reads.iter().chain(writes).filter_map(itself);
    let looked_at = tidy(reads.iter().cloned().chain(folders).collect());
    if !looked_at.is_empty() {
        statements.push(json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": arns(&looked_at)}));
    }
    statements.push(json!({
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
        "Resource": arns(writes),
    }));
    statements.push(json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": arn(logs, partition)}));
    statements.extend(listing(tidy([reads, writes].concat()), partition));
    statements.push(json!({
        "Effect": "Allow",
        "Action": [
            "glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition",
            "glue:GetPartitions", "glue:BatchGetPartition", "glue:GetUserDefinedFunctions",
        ],
        "Resource": "*",
    }));
    // A bucket may encrypt with a key of its own, which the role may use and this policy must not take away.
    statements.push(json!({
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringLike": {"kms:ViaService": "s3.*"}},
    }));
    ascii(&json!({"Version": "2012-10-17", "Statement": statements}).to_string())
}

/// The key that a folder itself would have, `out/0` of `out/0/`: S3A looks there before it looks below. A bucket has none.
fn itself(folder: &ObjectUri) -> Option<ObjectUri> {
    let key = folder.key().strip_suffix('/')?;
    ObjectUri::new(folder.bucket(), key).ok()
}

/// The names under each place; engines ask for those under an object too, to learn that it is no folder.
fn listing(places: Vec<ObjectUri>, partition: &str) -> Vec<Value> {
    let of_bucket = places.chunk_by(|one, other| one.bucket() == other.bucket());
    let statement = |places: &[ObjectUri]| {
        let bucket = places.first()?.bucket();
        let prefixes = places.iter().flat_map(|place| {
            let below = format!("{}*", escaped(place.as_prefix().key()));
            itself(place).map(|folder| escaped(folder.key())).into_iter().chain([below])
        });
        let prefixes: Vec<_> = prefixes.collect();
        Some(json!({
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": format!("arn:{partition}:s3:::{bucket}"),
            "Condition": {"StringLike": {"s3:prefix": prefixes}},
        }))
    };
    of_bucket.filter_map(statement).collect()
}

/// In order, each once, and none that another covers.
fn tidy(mut places: Vec<ObjectUri>) -> Vec<ObjectUri> {
    places.sort_unstable();
    // What lies under a prefix follows it without a gap.
    places.dedup_by(|next, kept| kept.covers(next));
    places
}

/// With one folder in the place of the two neighbours that share the longest.
fn widened(mut places: Vec<ObjectUri>) -> Result<Vec<ObjectUri>> {
    let shared = places.windows(2).filter_map(|pair| match pair {
        [one, other] => folder(one, other),
        _ => None,
    });
    // Of several, the first in order: `max_by_key` takes the last.
    let longest = shared.rev().max_by_key(|folder| folder.key().len());
    let Some(longest) = longest else {
        if places.is_empty() {
            return Err(Error::Invalid(format!(
                "the names of the places that a batch writes to take more than the {MAX_CHARACTERS} characters of its policy; write \
                 to a place with a shorter name"
            )));
        }
        return Err(Error::Invalid(format!(
            "the inputs lie in {} buckets, more than the policy of a batch can name in {MAX_CHARACTERS} characters; bring them \
             together, or run the job in pieces",
            places.len()
        )));
    };
    places.push(longest);
    Ok(tidy(places))
}

/// The deepest folder that both lie in; none where they lie in two buckets.
fn folder(one: &ObjectUri, other: &ObjectUri) -> Option<ObjectUri> {
    if one.bucket() != other.bucket() {
        return None;
    }
    let alike = one.key().bytes().zip(other.key().bytes()).take_while(|(one, other)| one == other).count();
    let end = one.key().as_bytes().get(..alike)?.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    ObjectUri::new(one.bucket(), one.key().get(..end)?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use enginehouse_capabilities::Token;
    use uuid::Uuid;

    use super::*;

    fn uri(text: &str) -> ObjectUri {
        text.parse().unwrap()
    }

    fn scope(inputs: &[String]) -> AttemptScope {
        AttemptScope {
            token: Token::of_attempt(Uuid::from_u128(7), 1),
            inputs: inputs.iter().map(|input| uri(input)).collect(),
            output: uri("s3://runs/out/0/"),
            scratch: uri("s3://runs/scratch/0/"),
            target: "here".into(),
            timeout: Duration::from_secs(60),
        }
    }

    fn policy(inputs: &[String]) -> (String, Value) {
        let text = of(&scope(inputs), &uri("s3://logs/emr"), "aws").unwrap();
        assert!(text.len() <= MAX_CHARACTERS && text.is_ascii());
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    /// The resources that a policy allows this action on.
    fn allowed(policy: &Value, action: &str) -> Vec<String> {
        let many = |value: &Value| match value {
            Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        };
        let statements = policy["Statement"].as_array().unwrap().iter();
        let fitting = statements.filter(|statement| many(&statement["Action"]).iter().any(|one| one == action));
        fitting.flat_map(|statement| many(&statement["Resource"])).collect()
    }

    #[test]
    fn a_batch_reads_its_inputs_and_writes_its_prefixes_and_nothing_else() {
        let (_, policy) = policy(&["s3://lake/a.csv".into(), "s3://lake/tables/t/".into()]);
        let own = ["arn:aws:s3:::runs/out/0/*", "arn:aws:s3:::runs/scratch/0/*"];
        assert_eq!(
            allowed(&policy, "s3:GetObject"),
            [
                "arn:aws:s3:::lake/a.csv",
                "arn:aws:s3:::lake/tables/t",
                "arn:aws:s3:::lake/tables/t/*",
                "arn:aws:s3:::runs/out/0",
                "arn:aws:s3:::runs/scratch/0",
                own[0],
                own[1]
            ]
        );
        assert_eq!(allowed(&policy, "s3:PutObject"), [own[0], own[1], "arn:aws:s3:::logs/emr/*"]);
        assert_eq!(allowed(&policy, "s3:DeleteObject"), own);
        assert_eq!(allowed(&policy, "s3:AbortMultipartUpload"), own);
        assert_eq!(allowed(&policy, "glue:GetTable"), ["*"]);
        assert!(allowed(&policy, "glue:UpdateTable").is_empty());
        assert_eq!(allowed(&policy, "s3:ListBucket"), ["arn:aws:s3:::lake", "arn:aws:s3:::runs"]);
        let listing = |bucket: &str| {
            let mut statements = policy["Statement"].as_array().unwrap().iter();
            let one = statements.find(|one| one["Resource"] == format!("arn:aws:s3:::{bucket}")).unwrap();
            one["Condition"]["StringLike"]["s3:prefix"].clone()
        };
        assert_eq!(listing("lake"), json!(["a.csv/*", "tables/t", "tables/t/*"]));
        assert_eq!(listing("runs"), json!(["out/0", "out/0/*", "scratch/0", "scratch/0/*"]));
    }

    #[test]
    fn signs_of_patterns_in_a_key_stand_for_themselves() {
        let (text, policy) = policy(&["s3://lake/a*b?c${d}/日本.csv".into()]);
        assert_eq!(allowed(&policy, "s3:GetObject")[0], "arn:aws:s3:::lake/a${*}b${?}c${$}{d}/日本.csv");
        assert!(text.contains("\\u65e5\\u672c"), "{text}");
    }

    #[test]
    fn other_partitions_have_other_arns() {
        let text = of(&scope(&["s3://lake/a".into()]), &uri("s3://logs/"), "aws-cn").unwrap();
        assert!(text.contains("arn:aws-cn:s3:::lake/a") && !text.contains("arn:aws:"), "{text}");
    }

    #[test]
    fn what_is_too_long_is_widened_to_the_folders_that_lie_closest() {
        let far: Vec<_> = (0..3).map(|n| format!("s3://other/{n}/x")).collect();
        let near = (0..60).map(|n| format!("s3://lake/years/2026/day-{n:03}/part.csv"));
        let inputs: Vec<_> = near.chain(far.clone()).collect();
        let (text, value) = policy(&inputs);
        let reads = allowed(&value, "s3:GetObject");
        assert!(reads.contains(&"arn:aws:s3:::lake/years/2026/*".to_owned()), "{reads:?}");
        for far in far {
            assert!(reads.contains(&far.replace("s3://", "arn:aws:s3:::")), "what fits is not widened: {reads:?}");
        }
        let mut backwards = inputs;
        backwards.reverse();
        backwards.push("s3://lake/years/2026/day-000/part.csv".into());
        assert_eq!(policy(&backwards).0, text, "the same inputs in any order give the same policy");
    }

    #[test]
    fn no_policy_is_wider_than_its_buckets_and_what_cannot_be_said_is_told() {
        let scattered: Vec<_> = (0..90).map(|n| format!("s3://lake/{n:02}-{}/x", "y".repeat(40))).collect();
        let (_, value) = policy(&scattered);
        let reads = allowed(&value, "s3:GetObject");
        assert_eq!(reads[0], "arn:aws:s3:::lake/*");
        assert!(
            reads.iter().all(|read| read.starts_with("arn:aws:s3:::lake/") || read.starts_with("arn:aws:s3:::runs/"))
        );
        let buckets: Vec<_> = (0..30).map(|n| format!("s3://bucket-{n}-{}/x", "y".repeat(40))).collect();
        let told = of(&scope(&buckets), &uri("s3://logs/"), "aws").unwrap_err();
        assert!(matches!(&told, Error::Invalid(text) if text.contains("30 buckets")), "{told}");
    }

    #[test]
    fn what_is_covered_is_said_once() {
        let inputs = ["s3://lake/a/", "s3://lake/a/b/c", "s3://lake/a-b", "s3://lake/a/", "s3://runs/out/0/x"];
        let (_, value) = policy(&inputs.map(str::to_owned));
        assert_eq!(
            allowed(&value, "s3:GetObject")[..3],
            ["arn:aws:s3:::lake/a", "arn:aws:s3:::lake/a-b", "arn:aws:s3:::lake/a/*"]
        );
        assert_eq!(allowed(&value, "s3:GetObject").len(), 7);
    }

    #[test]
    fn a_bucket_has_no_key_of_its_own() {
        let (_, value) = policy(&["s3://lake/".into()]);
        assert_eq!(allowed(&value, "s3:GetObject")[..2], ["arn:aws:s3:::lake/*", "arn:aws:s3:::runs/out/0"]);
    }

    #[test]
    fn places_to_write_to_that_have_too_long_names_are_told() {
        let long = AttemptScope { output: uri(&format!("s3://runs/{}/", "y".repeat(900))), ..scope(&[]) };
        let told = of(&long, &uri("s3://logs/"), "aws").unwrap_err();
        assert!(matches!(&told, Error::Invalid(text) if text.contains("a shorter name")), "{told}");
    }
}
