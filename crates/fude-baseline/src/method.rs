//! The methods, from images to predicted classes.

use crate::{Components, Features, classify, nearest};
use fude_data::Split;

/// A way to classify images without training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The k nearest training images by their pixels.
    Knn {
        /// Neighbours asked.
        k: usize,
    },
    /// The same by the first principal components of the training images.
    PcaKnn {
        /// Neighbours asked.
        k: usize,
        /// C.
        components: usize,
    },
}

/// What a method said.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// A class for each test image, `[N]`.
    pub classes: Vec<u8>,
    /// Share of the training images' variance in the components, where there are any.
    pub explained: Option<f64>,
}

impl Method {
    /// What tables call it: `4-nn`, `4-nn-pca50`.
    pub fn name(self) -> String {
        match self {
            Self::Knn { k } => format!("{k}-nn"),
            Self::PcaKnn { k, components } => format!("{k}-nn-pca{components}"),
        }
    }

    /// What stands where a network's shape does.
    pub fn model(self) -> String {
        match self {
            Self::Knn { k } => format!("{k} nearest"),
            Self::PcaKnn { k, components } => format!("{components} components, {k} nearest"),
        }
    }

    /// Predicts the classes of the test images from the training images. Class 0 where there are no training images.
    pub fn predict(self, train: &Split, test: &Split, classes: usize) -> Predicted {
        let (set, queries) = (Features::pixels(train), Features::pixels(test));
        let (set, queries, k, explained) = match self {
            Self::Knn { k } => (set, queries, k, None),
            Self::PcaKnn { k, components } => {
                let components = Components::of(&set, components);
                (components.project(&set), components.project(&queries), k, Some(components.explained))
            }
        };
        let vote = |neighbours: Vec<_>| classify(&neighbours, &train.labels, classes).unwrap_or(0);
        Predicted { classes: nearest(&set, &queries, k).into_iter().map(vote).collect(), explained }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class c is a bright pixel at c and a little noise elsewhere.
    fn images(n: usize, salt: usize) -> Split {
        let labels: Vec<u8> = (0..n).map(|i| (i % 3) as u8).collect();
        let pixel = |i: usize, p: usize| if p == i % 3 { 200 } else { ((i * 31 + p * 17 + salt * 7) % 50) as u8 };
        let pixels = (0..n).flat_map(|i| (0..9).map(move |p| pixel(i, p))).collect();
        Split { pixels, labels, height: 3, width: 3 }
    }

    #[test]
    fn easy_classes_are_told_apart_by_pixels_and_by_components() {
        let (train, test) = (images(60, 1), images(30, 2));
        for method in [Method::Knn { k: 4 }, Method::PcaKnn { k: 3, components: 2 }] {
            let predicted = method.predict(&train, &test, 3);
            assert_eq!(predicted.classes, test.labels, "{}", method.name());
            assert_eq!(predicted.explained.is_some(), method != Method::Knn { k: 4 });
        }
    }
}
