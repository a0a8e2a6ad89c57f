//! Labelled images as plain arrays.

/// N labelled grey images: pixels `[N, H, W]` row by row, labels `[N]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Grey values, 0 the background and 255 full ink, `[N, H, W]`.
    pub pixels: Vec<u8>,
    /// Class indices, `[N]`.
    pub labels: Vec<u8>,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
}

impl Split {
    /// N, the number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// I, the pixels of an image.
    pub fn inputs(&self) -> usize {
        self.height * self.width
    }

    /// The pixels `[H, W]` of image `index`.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.inputs()..][..self.inputs()]
    }

    /// The images at `indices`, in that order.
    pub fn select(&self, indices: &[u32]) -> Self {
        let pixels = indices.iter().flat_map(|&i| self.image(i as usize)).copied().collect();
        let labels = indices.iter().map(|&i| self.labels[i as usize]).collect();
        Self { pixels, labels, height: self.height, width: self.width }
    }

    /// The first `n` images, or all where there are fewer.
    pub fn first(mut self, n: usize) -> Self {
        let n = n.min(self.len());
        self.labels.truncate(n);
        self.pixels.truncate(n * self.inputs());
        self
    }
}

/// A data set: training images, test images where there are any, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// What it is called in summaries: `kmnist`, `fashion`, `mnist`, `k49`, `kana`, or a folder's name.
    pub name: String,
    /// One name a class, in label order; its length is O.
    pub classes: Vec<String>,
    /// The images to train on, before any validation split is cut from them.
    pub train: Split,
    /// The test images; none where the folder had none and none were cut.
    pub test: Option<Split>,
    /// What a user should be told about how this came about ("test split cut from train: ..."), one sentence each.
    pub notes: Vec<String>,
}

impl Dataset {
    /// Keeps the first `limit` training images, and adds a note where that leaves some out. The test images stay.
    pub fn limit_train(&mut self, limit: Option<usize>) {
        let n = self.train.len();
        if let Some(limit) = limit.filter(|&limit| limit < n) {
            self.train = std::mem::take(&mut self.train).first(limit);
            let (limit, n) = (thousands(limit), thousands(n));
            self.notes.push(format!("only the first {limit} of {n} training images are used (data.limit)"));
        }
    }
}

/// 8000 as `8,000`.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let table = [(0, "0"), (999, "999"), (1000, "1,000"), (8000, "8,000"), (1_234_567, "1,234,567")];
        for (n, expected) in table {
            assert_eq!(thousands(n), expected);
        }
    }
}
