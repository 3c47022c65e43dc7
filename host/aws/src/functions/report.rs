//! What Lambda's own last line of a log says that a call is billed for.

use enginehouse_capabilities::FunctionBilled;

/// More memory than any function has: what says so is not Lambda.
const MOST_MB: u32 = 1 << 20;

/// From the line `REPORT RequestId: … Duration: 1233.45 ms Billed Duration: 1234 ms Memory Size: 3008 MB Max Memory Used: …`, with tabs
/// between. Of several lines that look so the last counts: Lambda's follows all that the function printed.
pub(super) fn billed(log: &str) -> Option<FunctionBilled> {
    let report = log.lines().rfind(|line| line.starts_with("REPORT RequestId: "))?;
    let number = |name: &str, unit: &str| {
        let (_, value) = report.split_once(name)?;
        let (number, rest) = value.split_once(' ')?;
        rest.starts_with(unit).then(|| number.parse().ok())?
    };
    let milliseconds = number("Billed Duration: ", "ms")?;
    let memory_mb = number("Memory Size: ", "MB").filter(|memory| *memory <= MOST_MB)?;
    Some(FunctionBilled { milliseconds, memory_mb })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "REPORT RequestId: 8f507cfc-0000-4697-b07a-ac58fc914c95\tDuration: 1233.45 ms\tBilled Duration: 1234 ms\t\
                          Memory Size: 3008 MB\tMax Memory Used: 512 MB\tInit Duration: 310.20 ms\t";

    #[test]
    fn a_report_tells_what_is_billed() {
        let told = Some(FunctionBilled { milliseconds: 1234, memory_mb: 3008 });
        assert_eq!(billed(&format!("START RequestId: 8f\nprinted\nEND RequestId: 8f\n{REPORT}\n")), told);
        assert_eq!(billed(&format!("{REPORT}\nXRAY TraceId: 1-5e\tSegmentId: 6f\tSampled: true\n")), told);
        assert_eq!(billed(&REPORT.replace('\t', " ")), told);
        assert_eq!(billed(&format!("{}\n{REPORT}\n", REPORT.replace("1234", "1"))), told, "the last one is Lambda's");
    }

    #[test]
    fn what_is_no_report_tells_nothing() {
        for log in [
            "",
            "printed\n",
            "REPORT RequestId: 8f",
            "the REPORT RequestId: 8f\tBilled Duration: 1 ms\tMemory Size: 128 MB\t",
            "REPORT RequestId: 8f\tBilled Duration: 1234 ms\tMemory Si",
            "REPORT RequestId: 8f\tBilled Duration: 1234 ms\tMemory Size: 9999999 MB\t",
            "REPORT RequestId: 8f\tBilled Duration: -1 ms\tMemory Size: 128 MB\t",
            "REPORT RequestId: 8f\tBilled Duration: 99999999999 ms\tMemory Size: 128 MB\t",
            "REPORT RequestId: 8f\tBilled Duration: many ms\tMemory Size: 128 MB\t",
            "REPORT RequestId: 8f\tBilled Duration: 1 s\tMemory Size: 128 MB\t",
        ] {
            assert_eq!(billed(log), None, "{log}");
        }
    }
}
