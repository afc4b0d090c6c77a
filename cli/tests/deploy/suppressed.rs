//! Comments that set findings aside.

use super::{check_one, said};

const REASON: &str = "stateless: allow(nginx-sticky, reason = \"shards\")";

#[test]
fn a_comment_in_the_line_or_above_sets_aside() {
    for text in [
        format!("upstream a {{\n  ip_hash; # {REASON}\n}}\n"),
        format!("upstream a {{\n  # {REASON}\n  # more words\n  ip_hash;\n}}\n"),
    ] {
        let report = check_one("nginx.conf", &text);
        assert!(said(&report).is_empty(), "{text}");
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        let by = report.findings[0].suppression.as_ref().unwrap();
        assert_eq!(by.reason, "shards");
    }
    let hcl = "resource \"aws_lb_target_group\" \"a\" {\n  // stateless: allow(aws-stickiness, reason = \"x\")\n  stickiness {\n    type = \"lb_cookie\"\n  }\n}\n";
    assert!(said(&check_one("a.tf", hcl)).is_empty());
}

#[test]
fn what_suppresses_nothing_or_gives_no_reason_is_a_problem() {
    let report = check_one("nginx.conf", &format!("# {REASON}\nupstream a {{\n  ip_hash;\n}}\n"));
    assert_eq!(said(&report), ["3 nginx-sticky error"]);
    assert_eq!(report.problems[0].check, "unused-suppression");
    let text = "upstream a {\n  ip_hash; # stateless: allow(nginx-sticky)\n}\n";
    let report = check_one("nginx.conf", text);
    assert_eq!(said(&report), ["2 nginx-sticky error"]);
    assert_eq!(report.problems[0].check, "invalid-suppression");
    assert!(report.problems[0].help.contains("`# stateless: allow(nginx-sticky"));
    let text = "upstream a {\n  ip_hash; # stateless: allow(nginx-stiky, reason = \"x\")\n}\n";
    assert!(check_one("nginx.conf", text).problems[0].message.contains("nginx-stiky"));
}
