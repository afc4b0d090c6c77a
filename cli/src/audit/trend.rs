//! The trend as a picture: a bar for each audit, as high as it found sites, by level.
//!
//! The table below it has the numbers; the picture only shows where they go.

use maud::{Markup, html};

use super::since::Point;
use crate::report::escape::{cut, visible};

const HEIGHT: usize = 120;
const BAR: usize = 44;
const STEP: usize = 96;
/// Characters of a name below its bar.
const CHARS: usize = 11;

pub(crate) fn picture(points: &[Point]) -> Markup {
    let most = points.iter().map(sum).max().unwrap_or(0).max(1);
    let words: Vec<String> =
        points.iter().map(|point| format!("{}: {}", visible(&point.label), sum(point))).collect();
    let (width, height) = (points.len() * STEP, HEIGHT + 44);
    html! {
        figure.map.trend tabindex="0" role="group" aria-label="Trend of sites" {
            svg viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img"
                aria-label={ "Sites found. " (words.join(", ")) } {
                @for (at, point) in points.iter().enumerate() {
                    (bar(point, at * STEP + (STEP - BAR) / 2, most))
                }
            }
        }
    }
}

/// Earlier numbers come from a file, which may say anything.
fn sum(point: &Point) -> u64 {
    u64::from(point.errors) + u64::from(point.warnings) + u64::from(point.notes)
}

fn bar(point: &Point, x: usize, most: u64) -> Markup {
    let parts = [("breaks", point.errors), ("likely", point.warnings), ("survives", point.notes)];
    let mut bottom = HEIGHT + 20;
    let parts = parts.map(|(class, number)| {
        let high = (u64::from(number) * HEIGHT as u64 / most) as usize;
        bottom -= high;
        (class, bottom, high)
    });
    html! {
        @for (class, y, high) in parts {
            @if high > 0 { rect class={ "bar " (class) } x=(x) y=(y) width=(BAR) height=(high) {} }
        }
        text x=(x + BAR / 2) y=(bottom - 6) text-anchor="middle" { (sum(point)) }
        text.small x=(x + BAR / 2) y=(HEIGHT + 38) text-anchor="middle" { (cut(&visible(&point.label), CHARS)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_picture_and_others_are_in_proportion() {
        let point = |label: &str, errors, warnings| Point { label: label.into(), errors, warnings, notes: 0 };
        let text = picture(&[point("<may>", 3, 1), point("june", 2, 0)]).into_string();
        assert!(text.contains("Sites found. &lt;may&gt;: 4, june: 2"), "{text}");
        assert!(text.contains("class=\"bar breaks\" x=\"26\" y=\"50\" width=\"44\" height=\"90\""), "{text}");
        assert!(text.contains("class=\"bar likely\" x=\"26\" y=\"20\" width=\"44\" height=\"30\""), "{text}");
        assert!(
            text.contains("class=\"bar breaks\" x=\"122\" y=\"80\" width=\"44\" height=\"60\""),
            "{text}"
        );
        assert_eq!(text.matches("<rect").count(), 3);
    }
}
