//! The only file that opens files: everything below a root folder, `/` unless a test says otherwise.

use super::holder::{Holders, Process};
use super::kernel::hz_of;
use super::socket::{self, Socket};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// No setting is longer: 65,535 reserved ports, none beside another, take 200,000 bytes.
const SETTING_BYTES_MAX: u64 = 1 << 20;
/// The configuration of the running kernel, where it was built with `CONFIG_IKCONFIG_PROC`.
const PACKED_CONFIG: &str = "/proc/config.gz";
/// No kernel's configuration is longer.
const CONFIG_BYTES_MAX: u64 = 16 << 20;

/// Where the files of a machine are.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Default for Root {
    fn default() -> Self {
        Self::new("/")
    }
}

/// The sockets of this machine cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TcpError {
    /// There is no `/proc/net/tcp`: not Linux, or `/proc` is not mounted.
    #[error("there is no /proc/net/tcp")]
    Absent,
    /// It is there and cannot be read.
    #[error("cannot read /proc/net/tcp: {0}")]
    Unreadable(io::Error),
}

/// What went wrong while the sockets were read, but not so wrong that nothing was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpNotes {
    /// Lines that are no sockets.
    pub garbage: u64,
    /// Why IPv6 sockets are missing, or nothing. A kernel without IPv6 has none.
    pub no_ipv6: Option<String>,
}

/// The network namespaces besides this one that processes live in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// One process of each, the lowest number.
    pub others: Vec<u32>,
    /// Processes whose namespace may not be known.
    pub denied: u64,
}

impl Root {
    /// The machine whose `/proc` and `/boot` lie below `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// What a small file holds.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no text.
    pub fn text(&self, path: &str) -> io::Result<String> {
        let mut text = String::new();
        File::open(self.at(path))?.take(SETTING_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
    }

    /// Shows `visit` every TCP socket of this network namespace, IPv4 then IPv6.
    ///
    /// # Errors
    ///
    /// When those of IPv4 cannot be read.
    pub fn sockets(&self, mut visit: impl FnMut(Socket)) -> Result<TcpNotes, TcpError> {
        let mut read = |path| socket::read(BufReader::new(File::open(self.at(path))?), &mut visit);
        let garbage = read("/proc/net/tcp").map_err(|error| match error.kind() {
            ErrorKind::NotFound => TcpError::Absent,
            _ => TcpError::Unreadable(error),
        })?;
        match read("/proc/net/tcp6") {
            Ok(more) => Ok(TcpNotes { garbage: garbage + more, no_ipv6: None }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(TcpNotes { garbage, no_ipv6: None }),
            Err(error) => Ok(TcpNotes { garbage, no_ipv6: Some(error.to_string()) }),
        }
    }

    /// `CONFIG_HZ` of the kernel `release` and the file that says so: the places where distributions keep it.
    pub fn hz(&self, release: &str) -> Option<(u64, String)> {
        let plain = [format!("/boot/config-{release}"), format!("/lib/modules/{release}/config")];
        let plain = plain.into_iter().filter(|_| !release.is_empty() && !release.contains('/'));
        for path in plain.chain([PACKED_CONFIG.to_owned()]) {
            let Ok(file) = File::open(self.at(&path)) else { continue };
            let file = BufReader::new(file);
            let found = if path == PACKED_CONFIG {
                hz_of(BufReader::new(flate2::bufread::GzDecoder::new(file).take(CONFIG_BYTES_MAX)))
            } else {
                hz_of(file.take(CONFIG_BYTES_MAX))
            };
            if let Ok(Some(hz)) = found {
                return Some((hz, path));
            }
        }
        None
    }

    /// Which processes have the sockets `inodes` open. Processes come and go meanwhile: those that went have none.
    pub fn holders(&self, inodes: &BTreeSet<u64>) -> Holders {
        let mut holders = Holders::default();
        if inodes.iter().all(|inode| *inode == 0) {
            return holders;
        }
        for (pid, folder) in self.processes() {
            let files = match fs::read_dir(folder.join("fd")) {
                Ok(files) => files,
                Err(error) => {
                    holders.denied += u64::from(error.kind() == ErrorKind::PermissionDenied);
                    continue;
                }
            };
            let links = files.flatten().filter_map(|file| inode_of(&fs::read_link(file.path()).ok()?));
            let own: BTreeSet<u64> = links.filter(|inode| inodes.contains(inode)).collect();
            if !own.is_empty() {
                let name = fs::read(folder.join("comm")).unwrap_or_default();
                let process = Process::new(pid, &name);
                for inode in own {
                    holders.add(inode, process.clone());
                }
            }
        }
        holders
    }

    /// Is the effective user of this process root? `None` where `/proc` does not say.
    pub fn is_superuser(&self) -> Option<bool> {
        let status = self.text("/proc/self/status").ok()?;
        let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        // Real, effective, saved, of the file system.
        users.split_ascii_whitespace().nth(1).map(|user| user == "0")
    }

    /// The network namespaces that processes live in, besides this one.
    pub fn namespaces(&self) -> Namespaces {
        let mut seen = BTreeMap::new();
        let mut denied = 0;
        let Ok(own) = fs::read_link(self.at("/proc/self/ns/net")) else { return Namespaces::default() };
        for (pid, folder) in self.processes() {
            match fs::read_link(folder.join("ns/net")) {
                Ok(namespace) => _ = seen.entry(namespace).or_insert(pid),
                Err(error) => denied += u64::from(error.kind() == ErrorKind::PermissionDenied),
            }
        }
        seen.remove(&own);
        let mut others: Vec<u32> = seen.into_values().collect();
        others.sort_unstable();
        Namespaces { others, denied }
    }

    /// Every process with its folder, by number.
    fn processes(&self) -> BTreeMap<u32, PathBuf> {
        let Ok(entries) = fs::read_dir(self.at("/proc")) else { return BTreeMap::new() };
        let number = |path: PathBuf| Some((path.file_name()?.to_str()?.parse().ok()?, path));
        entries.flatten().filter_map(|entry| number(entry.path())).collect()
    }
}

/// `socket:[4711]` is 4711.
fn inode_of(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn put(root: &Path, path: &str, bytes: &[u8]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn the_clock_rate_is_where_the_distribution_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert_eq!(root.hz("6.1.0-13"), None);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b"CONFIG_X=y\nCONFIG_HZ=1000\n").unwrap();
        put(folder.path(), "proc/config.gz", &packed.finish().unwrap());
        assert_eq!(root.hz("6.1.0-13"), Some((1000, "/proc/config.gz".to_owned())));
        put(folder.path(), "boot/config-6.1.0-13", b"CONFIG_HZ=250\n");
        assert_eq!(root.hz("6.1.0-13"), Some((250, "/boot/config-6.1.0-13".to_owned())));
        put(folder.path(), "proc/config.gz", b"\x1f\x8b broken");
        assert_eq!(root.hz("5.4.0"), None);
    }

    #[test]
    fn no_tcp_file_is_no_linux_and_no_tcp6_file_no_ipv6() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(matches!(root.sockets(|_| ()), Err(TcpError::Absent)));
        put(folder.path(), "proc/net/tcp", b"garbage\n");
        assert_eq!(root.sockets(|_| ()).unwrap(), TcpNotes { garbage: 1, no_ipv6: None });
        fs::create_dir(folder.path().join("proc/net/tcp6")).unwrap();
        assert!(root.sockets(|_| ()).unwrap().no_ipv6.is_some());
    }

    #[test]
    fn root_is_known_by_its_effective_number() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert_eq!(root.is_superuser(), None);
        for (users, is_root) in [("0\t0\t0\t0", true), ("1000\t0\t0\t0", true), ("0\t1000\t0\t0", false)] {
            put(folder.path(), "proc/self/status", format!("Name:\tdryport\nUid:\t{users}\n").as_bytes());
            assert_eq!(root.is_superuser(), Some(is_root), "{users}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_belongs_to_whoever_has_it_open() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let open = |pid: u32, file: u32, link: &str| {
            let fd = folder.path().join(format!("proc/{pid}/fd"));
            fs::create_dir_all(&fd).unwrap();
            symlink(link, fd.join(file.to_string())).unwrap();
        };
        open(4711, 3, "socket:[99]");
        open(4711, 4, "socket:[99]");
        open(4711, 5, "/dev/null");
        open(812, 7, "socket:[99]");
        open(812, 8, "socket:[100]");
        put(folder.path(), "proc/4711/comm", b"check\x1bout\n");
        fs::create_dir_all(folder.path().join("proc/5/net")).unwrap();
        let holders = Root::new(folder.path()).holders(&BTreeSet::from([0, 99]));
        let found: Vec<(u32, &str)> =
            holders.processes(99).iter().map(|process| (process.pid, &*process.name)).collect();
        // Without a name it is already gone, or as good as.
        assert_eq!(found, [(812, "?"), (4711, "check?out")]);
        assert!(holders.processes(100).is_empty(), "nobody asked for it");
        assert_eq!(holders.denied, 0);
    }
}
