//! The report for machines that read JUnit's XML.

use std::{io, time::Duration};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Outcome, Report, Suite};

const SUITES: [Suite; 4] = [Suite::Contract, Suite::Statelessness, Suite::Capabilities, Suite::Limits];

impl Report {
    /// One `testsuite` a suite, one `testcase` a check. Characters that XML has no way to write are left out.
    ///
    /// # Errors
    /// Where the document cannot be written, which no report is known to cause.
    pub fn junit(&self) -> io::Result<String> {
        let name = self.plugin.as_ref().map_or("plugin", |plugin| plugin.framework.as_str());
        let mut report = quick_junit::Report::new(name);
        report.set_time(self.checks.iter().map(|check| check.took).sum());
        for suite in SUITES {
            let mut cases = TestSuite::new(suite.to_string());
            let mut time = Duration::ZERO;
            for check in self.checks.iter().filter(|check| check.suite == suite) {
                let mut case = TestCase::new(check.name, status(&check.outcome));
                case.set_classname(format!("{name}.{suite}")).set_time(check.took);
                cases.add_test_case(case);
                time += check.took;
            }
            cases.set_time(time);
            report.add_test_suite(cases);
        }
        report.to_string().map_err(io::Error::other)
    }
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    match outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(reason) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(reason.lines().next().unwrap_or_default()).set_description(reason);
            status
        }
        Outcome::Skipped(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
    }
}
