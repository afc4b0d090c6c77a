//! What earlier runs found, in a folder of the user's: by what went into it.
//!
//! It is found again only by a digest of what it was made from, so there is nothing that could go
//! stale: a file that is touched without being changed is the same, and one
//! that is changed within a clock's tick is another. The folder may be deleted at any time, also
//! by another run: whatever cannot be read, or is not what was written, is as if it were not there,
//! and whatever cannot be written is left. Nothing here knows what a result is.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// All results together; the oldest go first.
const MAX_BYTES: u64 = 64 << 20;
/// A larger one is not kept.
const MAX_ENTRY: u64 = 16 << 20;

/// Where results are kept, and which build of the tool makes them.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    build: String,
}

/// The user's folder, `$XDG_CACHE_HOME/cargo-stateless`, which need not be there yet. A relative
/// path in a variable counts for nothing, as the XDG Base Directory Specification has it.
pub(crate) fn user_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("cargo-stateless"))
}

/// What something was made from, and what kind of thing it is: the ending of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(blake3::Hash, &'static str);

/// The endings of the files, that of one being written among them.
const ENDINGS: [&str; 3] = ["result", "tree", "part"];

impl Cache {
    /// Results in [`user_folder`]; nothing where there is none, or where the running program
    /// cannot be told from another build of it.
    pub fn of_user() -> Option<Cache> {
        Cache::open(user_folder()?)
    }

    /// Results in that folder, which need not be there yet.
    pub fn open(folder: PathBuf) -> Option<Cache> {
        let meta = fs::metadata(std::env::current_exe().ok()?).ok()?;
        let made = meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let build = format!("{} {} {}", env!("CARGO_PKG_VERSION"), meta.len(), made.as_nanos());
        Some(Cache { folder, build })
    }

    /// Whether the folder lies in the analysed tree, where nothing may be written.
    pub(crate) fn lies_in(&self, root: &Path) -> bool {
        self.folder.ancestors().any(|part| fs::canonicalize(part).is_ok_and(|part| part.starts_with(root)))
    }

    /// The key of what was made from these parts by this build of the tool.
    pub(crate) fn key<'p>(&self, kind: &'static str, parts: impl Iterator<Item = &'p [u8]>) -> Key {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.build.as_bytes());
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Key(hasher.finalize(), kind)
    }

    fn path(&self, key: Key) -> PathBuf {
        self.folder.join(format!("{}.{}", key.0.to_hex(), key.1))
    }

    /// What was kept under the key, whole as it was written.
    pub(crate) fn get(&self, key: Key) -> Option<Vec<u8>> {
        let path = self.path(key);
        let meta = fs::symlink_metadata(&path).ok()?;
        if !meta.is_file() || meta.len() > MAX_ENTRY {
            return None;
        }
        let mut bytes = Vec::with_capacity(meta.len() as usize);
        File::open(&path).ok()?.take(MAX_ENTRY).read_to_end(&mut bytes).ok()?;
        let (digest, content) = bytes.split_first_chunk::<32>()?;
        if blake3::hash(content) != *digest {
            return None;
        }
        let content = content.to_vec();
        // It was of use: others go before it. An hour more or less does not matter.
        let old = meta.modified().ok()?.elapsed().is_ok_and(|age| age.as_secs() > 3_600);
        if old && let Ok(file) = File::options().write(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(content)
    }

    /// Keeps a result. A reader sees all of it or nothing.
    pub(crate) fn put(&self, key: Key, content: &[u8]) {
        if content.len() as u64 + 32 > MAX_ENTRY || fs::create_dir_all(&self.folder).is_err() {
            return;
        }
        let own = format!("{}.{}.{}.part", key.0.to_hex(), key.1, std::process::id());
        let part = self.folder.join(own);
        let write = || {
            let mut file = File::create(&part)?;
            file.write_all(blake3::hash(content).as_bytes())?;
            file.write_all(content)?;
            fs::rename(&part, self.path(key))
        };
        if write().is_err() {
            let _ = fs::remove_file(&part);
        }
        self.shrink(MAX_BYTES);
    }

    /// Removes the oldest results until the rest is small enough.
    fn shrink(&self, most: u64) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .filter(|entry| {
                let path = entry.path();
                path.extension().is_some_and(|ending| ENDINGS.iter().any(|one| ending == *one))
            })
            .filter_map(|entry| {
                let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
                Some((meta.modified().ok()?, meta.len(), entry.path()))
            })
            .collect();
        let mut total: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
        kept.sort();
        for (_, bytes, path) in kept {
            if total <= most {
                break;
            }
            // Another run may have been quicker.
            let _ = fs::remove_file(path);
            total -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache { folder: dir.path().join("a/b"), build: "1".into() };
        (dir, cache)
    }

    fn key(cache: &Cache, parts: &[&str]) -> Key {
        cache.key("result", parts.iter().map(|part| part.as_bytes()))
    }

    #[test]
    fn what_was_kept_is_found_by_what_it_was_made_from() {
        let (_dir, cache) = cache();
        let one = key(&cache, &["ab", "c"]);
        assert_eq!(cache.get(one), None);
        cache.put(one, b"result");
        assert_eq!(cache.get(one).as_deref(), Some(&b"result"[..]));
        assert_eq!(cache.get(key(&cache, &["a", "bc"])), None);
        let other = Cache { build: "2".into(), ..cache.clone() };
        assert_eq!(other.get(key(&other, &["ab", "c"])), None);
    }

    #[test]
    fn damage_is_as_if_nothing_were_there() {
        let (_dir, cache) = cache();
        let one = key(&cache, &["x"]);
        cache.put(one, b"result");
        let path = cache.path(one);
        let good = fs::read(&path).unwrap();
        let mut flipped = good.clone();
        flipped[35] ^= 1;
        for bad in [&good[..good.len() - 1], &good[..20], &[], &flipped] {
            fs::write(&path, bad).unwrap();
            assert_eq!(cache.get(one), None);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(cache.get(one), None);
        cache.put(one, b"result");
    }

    #[test]
    fn the_oldest_go_first() {
        let (_dir, cache) = cache();
        let keys: Vec<Key> = ["1", "2", "3"].iter().map(|part| key(&cache, &[part])).collect();
        for (age, one) in keys.iter().enumerate() {
            cache.put(*one, &[0; 1000]);
            let file = File::options().write(true).open(cache.path(*one)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age as u64)).unwrap();
        }
        fs::write(cache.folder.join("mine.txt"), [0; 5000]).unwrap();
        cache.shrink(2_100);
        let left: Vec<bool> = keys.iter().map(|one| cache.path(*one).exists()).collect();
        assert_eq!(left, [false, true, true]);
        assert!(cache.folder.join("mine.txt").exists());
    }
}
