//! The files that graphctl writes: metrics, the audit and the summary of a step.
//!
//! A path may lead through symbolic links: a link stays a link, and the file that it names is
//! written. Only regular files are written. The open of a FIFO could block for ever, a device that
//! is replaced is lost, and a path under `/dev` or `/proc` may name a descriptor of this process.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// How many links are followed: as many as the kernel follows.
const MOST_LINKS: usize = 40;

/// Folders of the kernel: their entries are not files on a disk.
const NOT_ON_DISK: [&str; 3] = ["/dev", "/proc", "/sys"];

/// The mode of a new file before the umask: another user may read it.
#[cfg(unix)]
const NEW_MODE: u32 = 0o644;

/// Checks that a path names a regular file, or a place where one can be made. Nothing is opened.
///
/// # Errors
/// [`ErrorKind::InvalidInput`]: the path names something else. Other kinds: its folder cannot be
/// reached.
pub fn check(path: &Path) -> io::Result<()> {
    resolve(path).map(drop)
}

/// Whether two paths lead to the same file. Paths that cannot be reached lead to none.
#[must_use]
pub fn are_same(one: &Path, other: &Path) -> bool {
    resolve(one).is_ok_and(|one| resolve(other).is_ok_and(|other| one == other))
}

/// Opens a file to append to it, and makes it if it is not there.
///
/// # Errors
/// As [`check`], or the file cannot be opened for writing.
pub fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, NEW_MODE);
    open(&mut options, path)
}

/// Opens a file to read what an earlier graphctl has written.
///
/// # Errors
/// As [`check`], or the file is not there, or cannot be read.
pub fn read(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().read(true), path)
}

/// Checks that a file can be replaced, and leaves nothing behind.
///
/// # Errors
/// As [`check`], or no file can be made in the folder.
pub fn check_replaceable(path: &Path) -> io::Result<()> {
    temporary(&resolve(path)?)?.close()
}

/// Replaces a file in one step: readers see the old text or the new. The new file has the owner and
/// mode of the old one, as far as this process may set them.
///
/// # Errors
/// As [`check_replaceable`], or the text cannot be written. Then the file is what it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = resolve(path)?;
    let mut file = temporary(&target)?;
    file.write_all(text.as_bytes())?;
    file.persist(target)?;
    Ok(())
}

/// Where a path leads, through all links; the file itself need not be there.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..=MOST_LINKS {
        let Some(Component::Normal(name)) = path.components().next_back() else {
            return Err(not_regular("a directory"));
        };
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
        let target = folder.join(name);
        if let Some(place) = NOT_ON_DISK.iter().find(|place| target.starts_with(place)) {
            return Err(refusal(format!("it leads to {place}, where graphctl writes no file")));
        }
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => path = folder.join(fs::read_link(&target)?),
            Ok(found) => return is_regular(&found).map(|()| target),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error),
        }
    }
    Err(refusal("too many symbolic links follow each other"))
}

/// Opens what a path leads to. A FIFO that has been put there since the path was resolved does not
/// block the open.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let target = resolve(path)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY).bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.cast_signed());
    }
    let file = options.open(target)?;
    is_regular(&file.metadata()?)?;
    Ok(file)
}

fn is_regular(found: &Metadata) -> io::Result<()> {
    if found.is_file() { Ok(()) } else { Err(not_regular(kind(found))) }
}

fn not_regular(kind: &str) -> io::Error {
    refusal(format!("it is {kind}, not a regular file"))
}

fn refusal(why: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why.into())
}

#[cfg(unix)]
fn kind(found: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = found.file_type();
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind(found: &Metadata) -> &'static str {
    if found.is_dir() { "a directory" } else { "a device" }
}

/// A file beside a target, to be renamed to it. It is removed when it is dropped. Collectors of
/// metrics do not read files with such a name.
fn temporary(target: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".graphctl-").suffix(".tmp");
    #[cfg(unix)]
    let replaced = fs::metadata(target).ok();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let mode = replaced.as_ref().map_or(NEW_MODE, |it| it.mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    // The error would print the temporary name, which means nothing to a person.
    let file = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    #[cfg(unix)]
    if let Some(replaced) = replaced {
        keep_owner_and_mode(file.as_file(), &replaced)?;
    }
    Ok(file)
}

/// Gives a file the owner, group and mode of the one that it replaces. Only root may set any owner;
/// others may set a group of their own. What is not permitted stays as it is.
#[cfg(unix)]
fn keep_owner_and_mode(file: &File, replaced: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let group = Some(replaced.gid());
    let mut mode = replaced.mode();
    if fchown(file, Some(replaced.uid()), group).is_err() && fchown(file, None, group).is_err() {
        // What the old group was permitted is not meant for another one.
        mode &= !0o070;
    }
    // Last, because a change of the owner may clear bits of the mode.
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder can be made")
    }

    fn why(result: io::Result<()>) -> String {
        result.expect_err("it is refused").to_string()
    }

    #[test]
    fn a_link_stays_and_the_file_that_it_names_is_written() {
        let (here, other) = (folder(), folder());
        let (link, file) = (here.path().join("link"), other.path().join("file"));
        symlink(&file, here.path().join("second")).expect("a link can be made");
        symlink("second", &link).expect("a link can be made");
        for text in ["made through a dangling link", "replaced"] {
            replace(&link, text).expect("it can be replaced");
            assert_eq!(fs::read_to_string(&file).expect("it is there"), text);
        }
        append(&link).and_then(|mut it| it.write_all(b"!")).expect("it can be appended to");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "replaced!");
        assert_eq!(fs::read_link(&link).expect("it is a link"), Path::new("second"));
        for place in [&here, &other] {
            let hidden = fs::read_dir(place.path()).expect("it is there").filter(|entry| {
                let name = entry.as_ref().expect("it can be read").file_name();
                name.as_encoded_bytes().starts_with(b".")
            });
            assert_eq!(hidden.count(), 0, "a temporary file is left");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_left_alone() {
        let place = folder();
        let at = |name: &str| place.path().join(name);
        assert!(Command::new("mkfifo").arg(at("fifo")).status().expect("it starts").success());
        let _socket = UnixListener::bind(at("socket")).expect("it can be bound");
        for (link, target) in [
            ("self", "/proc/self/fd/1"),
            ("out", "/dev/stdout"),
            ("null", "/dev/null"),
            ("fds", "/proc/self/fd"),
            ("loop", "loop"),
            ("to-fifo", "fifo"),
        ] {
            symlink(target, at(link)).expect("a link can be made");
        }
        let dev = "it leads to /dev, where graphctl writes no file";
        let proc = "it leads to /proc, where graphctl writes no file";
        let fifo = "it is a FIFO, not a regular file";
        let directory = "it is a directory, not a regular file";
        for (path, reason) in [
            (at("fifo"), fifo),
            (at("to-fifo"), fifo),
            (at("socket"), "it is a socket, not a regular file"),
            (place.path().to_owned(), directory),
            (at(".."), directory),
            ("/".into(), directory),
            (at("self"), proc),
            (at("fds/1"), proc),
            (at("out"), dev),
            (at("null"), dev),
            ("/dev/null".into(), dev),
            ("/dev/none".into(), dev),
            ("/sys/none".into(), "it leads to /sys, where graphctl writes no file"),
            (at("loop"), "too many symbolic links follow each other"),
        ] {
            let before = fs::symlink_metadata(&path).ok().map(|it| it.ino());
            let results = [
                check(&path),
                check_replaceable(&path),
                replace(&path, "no"),
                append(&path).map(drop),
                read(&path).map(drop),
            ];
            for result in results {
                assert_eq!(why(result), reason, "{}", path.display());
            }
            assert_eq!(fs::symlink_metadata(&path).ok().map(|it| it.ino()), before);
        }
    }

    /// Root may give a file to another user; else the group and the mode are compared.
    #[test]
    fn a_file_that_is_replaced_keeps_its_owner_and_mode() {
        let place = folder();
        let file = place.path().join("file");
        fs::write(&file, "old").expect("it can be written");
        let _ = chown(&file, Some(12345), Some(54321));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("a mode can be set");
        let owner = |it: &Metadata| (it.uid(), it.gid(), it.mode());
        let before = fs::metadata(&file).expect("it is there");
        replace(&file, "new").expect("it can be replaced");
        let after = fs::metadata(&file).expect("it is there");
        assert_eq!(owner(&after), owner(&before));
        assert_ne!(after.ino(), before.ino(), "it was not replaced in one step");
    }

    #[test]
    fn a_new_file_can_be_read_by_others_as_far_as_the_umask_allows() {
        let place = folder();
        let mode = |name: &str| {
            let found = fs::metadata(place.path().join(name)).expect("it is there");
            found.mode() & 0o777
        };
        replace(&place.path().join("replaced"), "new").expect("it can be made");
        append(&place.path().join("appended")).expect("it can be made");
        assert_eq!(mode("replaced"), mode("appended"));
        assert_eq!(mode("replaced") & !NEW_MODE, 0);
    }
}
