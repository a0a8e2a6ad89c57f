//! The pictures that arguments name.

use crate::PredictError;
use fude_data::has_picture_name;
use std::fs;
use std::path::{Path, PathBuf};

/// The picture files that `paths` name: files as they are, folders with every PNG, JPEG and BMP file below them, in the
/// order of their names. Links to folders are not followed.
///
/// What cannot be read, and a folder without a picture, stands as an error in its place.
pub fn find_pictures(paths: &[PathBuf]) -> Vec<Result<PathBuf, PredictError>> {
    paths.iter().flat_map(|path| if path.is_dir() { below(path) } else { vec![Ok(path.clone())] }).collect()
}

fn below(folder: &Path) -> Vec<Result<PathBuf, PredictError>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        match entries(&folder) {
            Ok((pictures, inner)) => {
                found.extend(pictures.into_iter().map(Ok));
                // The last is looked at first.
                folders.extend(inner.into_iter().rev());
            }
            Err(source) => found.push(Err(PredictError::Io { path: folder, source })),
        }
    }
    if found.is_empty() { vec![Err(PredictError::NoPictures { path: folder.to_owned() })] } else { found }
}

/// The pictures and the folders in a folder, sorted.
fn entries(folder: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let mut paths: Vec<(PathBuf, bool)> = fs::read_dir(folder)?
        .map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?.is_dir()))))
        .collect::<std::io::Result<_>>()?;
    paths.sort();
    let visible = |path: &Path| path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."));
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|(_, is_folder)| *is_folder);
    let folders = folders.into_iter().map(|(path, _)| path).filter(|path| visible(path)).collect();
    Ok((files.into_iter().map(|(path, _)| path).filter(|path| has_picture_name(path)).collect(), folders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_to_the_bottom_in_the_order_of_names() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b/2.png", "b/1.JPG", "b/c/3.bmp", "a.png", "notes.txt", ".hidden/4.png", "empty/x.txt"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let (single, empty) = (root.path().join("b/2.png"), root.path().join("empty"));
        let found = find_pictures(&[root.path().to_owned(), single, empty, PathBuf::from("nowhere.png")]);
        let names: Vec<String> = found
            .iter()
            .map(|path| match path {
                Ok(path) => path.strip_prefix(root.path()).unwrap_or(path).display().to_string(),
                Err(error) => error.to_string().rsplit(": ").next().unwrap().to_owned(),
            })
            .collect();
        let none = "expected PNG, JPEG or BMP files, found none";
        assert_eq!(names, ["a.png", "b/1.JPG", "b/2.png", "b/c/3.bmp", "b/2.png", none, "nowhere.png"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_folder_above_is_no_endless_way_down() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.png"), "").unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("up")).unwrap();
        assert_eq!(find_pictures(&[root.path().to_owned()]).len(), 1);
    }
}
