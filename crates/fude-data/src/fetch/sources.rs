//! The known sets: their files, addresses, sizes and checksums.

use std::fmt;
use std::str::FromStr;

use super::FetchError;

/// A set that can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemoteSet {
    /// Kuzushiji-MNIST, CC BY-SA 4.0.
    Kmnist,
    /// Fashion-MNIST, MIT licence.
    Fashion,
    /// MNIST.
    Mnist,
}

impl RemoteSet {
    /// Every set.
    pub const ALL: [Self; 3] = [Self::Kmnist, Self::Fashion, Self::Mnist];

    /// What it is called: `kmnist`, `fashion` or `mnist`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kmnist => "kmnist",
            Self::Fashion => "fashion",
            Self::Mnist => "mnist",
        }
    }

    /// Folder addresses, the official one first.
    ///
    /// KMNIST's official host has been unreachable at times (rois-codh/kmnist issue 29); its mirror's revision is fixed
    /// because later ones hold another format. MNIST's first home no longer gives out the files; CVDF keeps its copy.
    fn folders(self) -> [&'static str; 2] {
        match self {
            Self::Kmnist => [
                "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                "https://huggingface.co/datasets/tanganke/kmnist/resolve/756d43e/raw/",
            ],
            Self::Fashion => [
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            ],
            Self::Mnist => [
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
            ],
        }
    }

    /// Bytes and MD5 of the official packed file, MD5 of its unpacked content; in the order of [`NAMES`].
    fn sums(self) -> [(u64, &'static str, &'static str); 4] {
        match self {
            Self::Kmnist => [
                (18_165_135, "bdb82020997e1d708af4cf47b453dcf7", "92be26ec9822e900ac425d0a0aa84ced"),
                (29_497, "e144d726b3acfaa3e44228e80efcd344", "949e75301f8813e0dc5800dcc320fc52"),
                (3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7", "bf305b8cd328700fbc17f5acbc2856d2"),
                (5_120, "7320c461ea6c1c855c0b718fb2a4b134", "9f55f451c0988b028eccdf7d5cc265ab"),
            ],
            Self::Fashion => [
                (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
                (29_515, "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
                (4_422_102, "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
                (5_148, "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
            ],
            Self::Mnist => [
                (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
                (28_881, "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
                (1_648_877, "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
                (4_542, "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
            ],
        }
    }
}

impl fmt::Display for RemoteSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RemoteSet {
    type Err = FetchError;

    fn from_str(name: &str) -> Result<Self, FetchError> {
        let known = Self::ALL.into_iter().find(|set| set.name() == name);
        known.ok_or_else(|| FetchError::UnknownSet { found: name.to_owned() })
    }
}

/// The four files of a set of the MNIST family, and the bytes of their unpacked content (60,000 and 10,000 images of
/// 28 x 28 after a 16-byte header, as many labels after an 8-byte one).
const NAMES: [(&str, u64); 4] = [
    ("train-images-idx3-ubyte.gz", 16 + 60_000 * 784),
    ("train-labels-idx1-ubyte.gz", 8 + 60_000),
    ("t10k-images-idx3-ubyte.gz", 16 + 10_000 * 784),
    ("t10k-labels-idx1-ubyte.gz", 8 + 10_000),
];

/// A gzip file that can be had at one or more addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its final name.
    pub name: String,
    /// Whole addresses, the official one first.
    pub addresses: Vec<String>,
    /// Bytes of the official packed file.
    pub gz_bytes: u64,
    /// MD5 of the official packed file; says whether a file was packed anew, decides nothing.
    pub gz_md5: String,
    /// Bytes of the unpacked content.
    pub raw_bytes: u64,
    /// MD5 of the unpacked content, in lower-case hexadecimal: what decides.
    pub raw_md5: String,
}

impl RemoteFile {
    /// The most bytes that a packed file can sensibly have: its content stored without compression.
    ///
    /// gzip then adds 5 bytes to each block of at most 65,535, a header and a trailer; 1 % and 1 KiB allow smaller blocks
    /// and a comment.
    pub fn largest_gz(&self) -> u64 {
        self.raw_bytes + self.raw_bytes / 100 + 1024
    }
}

/// The files of a set, training images first.
pub fn sources(set: RemoteSet) -> Vec<RemoteFile> {
    let file = |((name, raw_bytes), (gz_bytes, gz_md5, raw_md5)): ((&str, u64), (u64, &str, &str))| RemoteFile {
        name: name.to_owned(),
        addresses: set.folders().iter().map(|folder| format!("{folder}{name}")).collect(),
        gz_bytes,
        gz_md5: gz_md5.to_owned(),
        raw_bytes,
        raw_md5: raw_md5.to_owned(),
    };
    NAMES.into_iter().zip(set.sums()).map(file).collect()
}
