//! Who may hold a socket without being seen.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::process::Blind;
use super::walk::Found;

/// The inode of the pid namespace in which all processes of a machine are seen.
const INITIAL_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// What keeps one from seeing everybody.
pub(super) struct Doubts<'a> {
    by_pid: HashMap<i32, &'a Blind>,
    by_uid: HashMap<u32, Vec<&'a Blind>>,
    of_any_user: Vec<&'a Blind>,
    /// Some processes are not even listed.
    pub(super) hidden: bool,
    contained: bool,
}

impl<'a> Doubts<'a> {
    pub(super) fn new(root: &Path, blind: &'a [Blind]) -> Self {
        let contained = super::namespace(root, "pid") != Some(INITIAL_PID_NAMESPACE);
        let by_pid: HashMap<_, _> =
            blind.iter().filter_map(|blind| Some((blind.pid?, blind))).collect();
        // Who may look into the first process is shown everything.
        let sees_first = root.join("1").exists() && !by_pid.contains_key(&1);
        let hidden = !sees_first && hides_processes(root);
        let (by_uid, of_any_user) = (HashMap::new(), Vec::new());
        let mut doubts = Self { by_pid, by_uid, of_any_user, hidden, contained };
        for one in blind {
            match one.uids {
                // The first process of a machine opens no sessions; that of a container may well.
                _ if one.pid == Some(1) && !contained => {}
                Some(uids) => doubts.add(one, uids),
                None => doubts.of_any_user.push(one),
            }
        }
        doubts
    }

    fn add(&mut self, blind: &'a Blind, uids: [u32; 4]) {
        for (index, uid) in uids.into_iter().enumerate() {
            if !uids[..index].contains(&uid) {
                self.by_uid.entry(uid).or_default().push(blind);
            }
        }
    }

    /// Why others than these may hold a socket that this user made; or why nobody could be seen.
    pub(super) fn about(&self, uid: u32, holders: &[&Found]) -> Option<String> {
        let ended = holders.iter().find(|found| found.identity.is_none());
        let ended = ended.map(|found| format!("pid {} ended while it was looked at", found.pid));
        let reason = ended
            .or_else(|| self.unreadable(uid, holders))
            .or_else(|| self.hidden.then(|| {
                "this machine hides processes, and one of them may hold it too (run graphctl as root)"
                    .into()
            }))
            .or_else(|| self.outside(holders));
        if holders.is_empty() {
            let nobody = "nobody can be seen on this machine who holds it";
            let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            return Some(format!("{nobody}{because}"));
        }
        reason
    }

    /// A process that cannot be looked into may hold a socket of its own user, and one that it handed
    /// down to a child.
    ///
    /// But not if no holder can be its descendant: children are in the Unix session of their parent
    /// until they open their own, and then they lead it. What cannot be looked into is seldom related
    /// anyway, for children are as open to a look as their parent: key agents, logins, sandboxes.
    fn unreadable(&self, uid: u32, holders: &[&Found]) -> Option<String> {
        let parents = holders.iter().filter_map(|found| Some(found.identity.as_ref()?.parent));
        let parent = parents.filter(|pid| *pid != 1).find_map(|pid| self.by_pid.get(&pid));
        let same_user = self.by_uid.get(&uid).map_or(&[][..], Vec::as_slice);
        let same_user = same_user.iter().filter(|blind| may_be_related(blind, holders));
        let mut suspects = parent.into_iter().chain(same_user).chain(&self.of_any_user);
        let first = name(suspects.next()?);
        Some(format!(
            "{first} may hold it too, but cannot be looked into (run graphctl as its user, or as root)"
        ))
    }

    /// A process whose parent is not seen from here may have inherited the socket from it.
    fn outside(&self, holders: &[&Found]) -> Option<String> {
        if !self.contained {
            return None;
        }
        let outsider = |found: &&&Found| {
            found.pid == 1 || found.identity.as_ref().is_some_and(|identity| identity.parent == 0)
        };
        match holders.iter().find(outsider) {
            Some(found) => Some(format!(
                "the parent of pid {} is outside this container, and may hold it too",
                found.pid
            )),
            None if holders.is_empty() => Some("its holder may be outside this container".into()),
            None => None,
        }
    }
}

fn may_be_related(blind: &Blind, holders: &[&Found]) -> bool {
    let Some(session) = blind.session else { return true };
    let identities = holders.iter().filter_map(|found| Some((found.pid, found.identity.as_ref()?)));
    let mut sessions = identities.map(|(pid, identity)| (pid, identity.session));
    holders.is_empty() || sessions.any(|(pid, its)| its == session || its == pid)
}

fn name(blind: &Blind) -> String {
    match (blind.pid, &blind.name) {
        (Some(pid), Some(name)) => format!("pid {pid} ({name})"),
        (Some(pid), None) => format!("pid {pid}"),
        (None, _) => "a process".into(),
    }
}

/// Whether this `/proc` does not even list the processes that one may not look into (`hidepid`).
fn hides_processes(root: &Path) -> bool {
    let mounts = fs::read_to_string(root.join("self/mountinfo"));
    mounts.map_or(true, |mounts| mounts.lines().any(|mount| hides(mount, root)))
}

/// The fifth word is where it is mounted; the type and, last, the options come after a hyphen.
fn hides(mount: &str, root: &Path) -> bool {
    let Some((place, kind)) = mount.split_once(" - ") else { return false };
    let here = place.split(' ').nth(4).is_some_and(|place| Path::new(place) == root);
    let mut options = kind.rsplit(' ').next().into_iter().flat_map(|options| options.split(','));
    let hidepid = options.find_map(|option| option.strip_prefix("hidepid="));
    here && kind.starts_with("proc ") && hidepid.is_some_and(|it| !matches!(it, "0" | "off"))
}
