//! The part of SVG path data that stroke files use: `M m L l C c S s` and plain numbers.
//!
//! A stroke is one unbroken line, so a second `M`, a closing `Z` and the commands that no stroke file has are errors.

use super::geometry::{Cubic, Point, point};

/// Why path data is not a stroke. Positions are byte offsets into the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    #[error("a stroke starts with 'M' or 'm' and has one of them: found {found:?} at byte {at}")]
    Start { at: usize, found: Option<char> },
    #[error("expected one of 'MmLlCcSs', found {found:?} at byte {at}")]
    Command { at: usize, found: char },
    #[error("expected a number at byte {at}")]
    Number { at: usize },
    #[error("expected at least one curve, found none")]
    Empty,
}

/// The curves of the stroke that path data `d` describes, in absolute coordinates of its view box.
pub(super) fn parse(d: &str) -> Result<Vec<Cubic>, PathError> {
    let mut reader = Reader { text: d, at: 0 };
    let line = match reader.command()? {
        Some('M') => 'L',
        Some('m') => 'l',
        found => return Err(PathError::Start { at: 0, found }),
    };
    let start = reader.point(Point::default())?;
    let mut curves = Vec::new();
    // Pairs after the first of a moveto are lines.
    while reader.at_number() {
        curves.push(reader.curve(line, &curves, start)?);
    }
    while let Some(command) = reader.command()? {
        loop {
            curves.push(reader.curve(command, &curves, start)?);
            if !reader.at_number() {
                break;
            }
        }
    }
    if curves.is_empty() { Err(PathError::Empty) } else { Ok(curves) }
}

/// Where the pen is.
fn end(curves: &[Cubic], start: Point) -> Point {
    curves.last().map_or(start, |curve| curve.0[3])
}

/// Path data and how much of it has been read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        self.at += self.rest().iter().take_while(|&&byte| what(byte)).count();
    }

    fn skip_separators(&mut self) {
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b',');
    }

    /// The next command letter, or none at the end.
    fn command(&mut self) -> Result<Option<char>, PathError> {
        self.skip_separators();
        let Some(found) = self.text[self.at..].chars().next() else { return Ok(None) };
        if !"MmLlCcSs".contains(found) {
            return Err(PathError::Command { at: self.at, found });
        }
        self.at += 1;
        Ok(Some(found))
    }

    fn at_number(&mut self) -> bool {
        self.skip_separators();
        self.rest().first().is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte))
    }

    /// The next number: sign, digits, point, digits, exponent. `1-2` and `.5.5` are two numbers each.
    fn number(&mut self) -> Result<f32, PathError> {
        self.skip_separators();
        let start = self.at;
        self.optional(b"+-");
        self.skip(|byte| byte.is_ascii_digit());
        self.optional(b".");
        self.skip(|byte| byte.is_ascii_digit());
        if self.optional(b"eE") {
            self.optional(b"+-");
            self.skip(|byte| byte.is_ascii_digit());
        }
        let number = self.text[start..self.at].parse().ok().filter(|number: &f32| number.is_finite());
        number.ok_or(PathError::Number { at: start })
    }

    /// Reads one byte if it is one of `bytes`, and says whether it was.
    fn optional(&mut self, bytes: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| bytes.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn point(&mut self, origin: Point) -> Result<Point, PathError> {
        Ok(origin + point(self.number()?, self.number()?))
    }

    /// One curve of `command`, which starts where `curves` end.
    fn curve(&mut self, command: char, curves: &[Cubic], start: Point) -> Result<Cubic, PathError> {
        let here = end(curves, start);
        let origin = if command.is_ascii_lowercase() { here } else { Point::default() };
        match command {
            'L' | 'l' => Ok(Cubic::line(here, self.point(origin)?)),
            'C' | 'c' => Ok(Cubic([here, self.point(origin)?, self.point(origin)?, self.point(origin)?])),
            'S' | 's' => {
                // The first handle mirrors the handle before it.
                let handle = curves.last().map_or(here, |before| here + (here - before.0[2]));
                Ok(Cubic([here, handle, self.point(origin)?, self.point(origin)?]))
            }
            found => Err(PathError::Start { at: self.at - 1, found: Some(found) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cubic(numbers: [f32; 8]) -> Cubic {
        let [a, b, c, d, e, f, g, h] = numbers;
        Cubic([point(a, b), point(c, d), point(e, f), point(g, h)])
    }

    #[test]
    fn relative_and_absolute_curves_agree() {
        let expected = vec![cubic([10.0, 20.0, 11.0, 22.0, 13.0, 20.0, 15.0, 21.5])];
        assert_eq!(parse("M10,20C11,22,13,20,15,21.5"), Ok(expected.clone()));
        assert_eq!(parse("M10,20c1,2,3,0,5,1.5"), Ok(expected.clone()));
        assert_eq!(parse(" m 10 20 c 1 2 3 -0 5 15e-1 "), Ok(expected));
    }

    #[test]
    fn a_smooth_curve_mirrors_the_handle_before_it() {
        let curves = parse("M0,0c1,0,2,1,2,2s1,2,3,2S9,9,8,8").unwrap();
        assert_eq!(curves[1], cubic([2.0, 2.0, 2.0, 3.0, 3.0, 4.0, 5.0, 4.0]));
        assert_eq!(curves[2], cubic([5.0, 4.0, 7.0, 4.0, 9.0, 9.0, 8.0, 8.0]));
    }

    #[test]
    fn numbers_may_touch_and_commands_repeat() {
        let curves = parse("M.5.5c1-1,2-2,3-3,1,1,2,2,3,3l1,0 1,0").unwrap();
        assert_eq!(curves.len(), 4);
        assert_eq!(curves[1].0[0], point(3.5, -2.5));
        assert_eq!(curves[3].0[3], point(8.5, 0.5));
        assert_eq!(parse("m1,1,2,2,3,3").unwrap()[1].0[3], point(6.0, 6.0));
    }

    #[test]
    fn what_is_no_stroke_is_refused_with_its_place() {
        let table = [
            ("", PathError::Start { at: 0, found: None }),
            ("C1,2,3,4,5,6", PathError::Start { at: 0, found: Some('C') }),
            ("M1,1c1,2,3,4,5,6M2,2", PathError::Start { at: 16, found: Some('M') }),
            ("M1,1Z", PathError::Command { at: 4, found: 'Z' }),
            ("M1,1 お", PathError::Command { at: 5, found: 'お' }),
            ("M1", PathError::Number { at: 2 }),
            ("M1,1c1,2,3,4,5", PathError::Number { at: 14 }),
            ("M1,-", PathError::Number { at: 3 }),
            ("M1,1e99", PathError::Number { at: 3 }),
            ("M1,1", PathError::Empty),
        ];
        for (d, expected) in table {
            assert_eq!(parse(d), Err(expected), "path data {d:?}");
        }
    }
}
