//! A plan for people.

use std::fmt::Write as _;

use super::{
    constants::{Constant, Constants, Origin},
    plan::Plan,
};

/// The whole plan.
pub(super) fn plan(plan: &Plan, constants: &Constants) -> String {
    let mut text = String::new();
    let i = &plan.inputs;
    let _ = writeln!(
        text,
        "{} nodes of {} tenants, {} events/s each (the busiest {} times as many), kept for {} days",
        number(i.nodes),
        number(i.tenants),
        number(i.events_per_node_second),
        number(i.skew),
        number(i.retention_days)
    );
    let mut section = "";
    for line in &plan.lines {
        if line.section != section {
            section = line.section;
            let _ = writeln!(text, "\n{section}");
        }
        let _ =
            writeln!(text, "  {:<34}{:>12} {:<12} {}", line.name, number(line.value), line.unit, line.how);
        if !line.from.is_empty() {
            let _ = writeln!(text, "  {:<59} from {}", "", with_origins(&line.from, constants));
        }
    }
    let all: f64 = plan.drivers.iter().map(|driver| driver.machines).sum();
    let _ = writeln!(text, "\nwhat costs most (machines that it fills; parts of one included)");
    for driver in &plan.drivers {
        let share = 100.0 * driver.machines / all;
        let _ = writeln!(
            text,
            "  {:<34}{:>12} {:<12} {share:.0} % of all, by its {}",
            driver.name,
            number(driver.machines),
            "machines",
            driver.bound_by
        );
    }
    let _ = writeln!(text, "\nwhat breaks first (above 1: it does at this size)");
    for limit in &plan.limits {
        let _ = writeln!(
            text,
            "  {:<34}{:>12} {:<12} {} of {} {}: {}",
            limit.name,
            number(limit.share()),
            if limit.share() > 1.0 { "BROKEN" } else { "" },
            number(limit.load),
            number(limit.limit),
            limit.unit,
            limit.then
        );
    }
    let used = |constant: &&Constant| plan.lines.iter().any(|line| line.from.contains(&constant.name));
    let used: Vec<Constant> = constants.all().iter().filter(used).cloned().collect();
    let _ = writeln!(text, "\nconstants in it");
    text + &table(&used)
}

/// Constants with where each comes from.
pub(super) fn table(constants: &[Constant]) -> String {
    constants.iter().fold(String::new(), |mut text, constant| {
        let Constant { name, value, unit, origin, place } = constant;
        let _ = writeln!(text, "  {name:<24}{:>12} {unit:<22} {origin:<10} {place}", number(*value));
        text
    })
}

/// Names of constants; those that nobody measured say so.
fn with_origins(names: &[&str], constants: &Constants) -> String {
    let said = |name: &&str| {
        let origin = constants.all().iter().find(|constant| constant.name == *name).map(|it| it.origin);
        match origin {
            Some(Origin::Assumed) => format!("{name} (assumed)"),
            Some(Origin::Published) => format!("{name} (published)"),
            Some(Origin::Given) => format!("{name} (given)"),
            _ => (*name).to_owned(),
        }
    };
    names.iter().map(said).collect::<Vec<_>>().join(", ")
}

/// Three digits that say something, thousands apart.
fn number(value: f64) -> String {
    if value >= 1000.0 {
        let digits = format!("{:.0}", value.round());
        let head = digits.len() % 3;
        let mut parts: Vec<&str> = (head..digits.len()).step_by(3).map(|at| &digits[at..at + 3]).collect();
        if head > 0 {
            parts.insert(0, &digits[..head]);
        }
        parts.join(",")
    } else if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else if value >= 0.01 {
        format!("{value:.2}")
    } else {
        format!("{value:.2e}")
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short_and_say_their_size() {
        let said = [1_234_567.0, 1000.0, 999.0, 12.34, 7.0, 0.5, 0.0001].map(number);
        assert_eq!(said, ["1,234,567", "1,000", "999", "12.3", "7", "0.50", "1.00e-4"]);
    }
}
