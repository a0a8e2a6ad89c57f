//! Image data sets as plain u8 arrays: readers, the built-in kana set, downloads, splits, statistics.
