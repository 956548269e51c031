# Reads which processes of the server's machine hold connections, and what their threads wait on. All of it is raw: the
# links and files of /proc that graphctl reads on its own machine. graphctl draws the conclusions.

import os
import sys

use("sockets")

EPOLL = "anon_inode:[eventpoll]"
# In the mappings of a process: the semaphores that multiprocessing shares.
SEMAPHORES = b"/dev/shm/sem."
# How often the threads of each holder are read, and how long the pause between two readings is, in seconds.
SAMPLES = 4
PAUSE = 0.02
# How many ancestors of a holder are read: a fork server, and the program that started it.
ANCESTORS = 2
# How many bytes of a file are sent at most. A file of which only some lines are sent is read to its end.
LONGEST_FILE = 1 << 16
# How many descriptors of a process, and lines of a file, are read in one step.
DESCRIPTORS = 64
LINES = 128


async def list_sockets(replies, connections):
    """One row for each connection, in their order. Returns the inodes."""
    inodes = set()
    with open_diag() as diag:
        for client, server in connections:
            found = find_socket(diag, client, server)
            inodes.add(found and found[0])
            await replies.row("socket", *(found or (None, None)))
    return inodes


class Processes:
    """Reads /proc and sends it row by row."""

    def __init__(self, replies, inodes):
        self.replies = replies
        self.wanted = {f"socket:[{inode}]" for inode in inodes if inode}
        self.links, self.holders, self.sent = {}, [], set()

    async def file(self, path, contains=None):
        """Sends a file, or those of its lines that contain some bytes; each file once."""
        if path in self.sent:
            return
        self.sent.add(path)
        try:
            with open(f"/proc/{path}", "rb") as file:
                content = await self.lines(file, contains) if contains else file.read(LONGEST_FILE)
        except OSError:
            return
        await self.replies.row("proc_file", path, content.decode(errors="replace"))

    async def lines(self, file, contains):
        """The lines that contain some bytes. The maps of a process may take too long to read for one step."""
        found = []
        for number, line in enumerate(file):
            if number % LINES == 0:
                await self.replies.breathe()
            if contains in line:
                found.append(line)
        return b"".join(found)

    async def link(self, path):
        """Sends what a link leads to; each link once."""
        if path in self.sent:
            return
        self.sent.add(path)
        try:
            await self.replies.row("proc_link", path, text(os.readlink(f"/proc/{path}")))
        except OSError:
            pass

    async def read_links(self, pid):
        """The descriptors of a process that may matter, with what they link to.

        None if they may not be read, or if the main thread has exited.
        """
        links, has_descriptors = {}, False
        try:
            for number, fd in enumerate(os.listdir(f"/proc/{pid}/fd")):
                has_descriptors = True
                if number % DESCRIPTORS == 0:
                    await self.replies.breathe()
                try:
                    target = os.readlink(f"/proc/{pid}/fd/{fd}")
                except FileNotFoundError:
                    continue
                if target in self.wanted or target == EPOLL or target.startswith("pipe:"):
                    links[fd] = target
        except PermissionError:
            return None
        except OSError:
            return {}
        return links if has_descriptors or not main_thread_exited(pid) else None

    async def find_holders(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            await self.replies.breathe()
            links = await self.read_links(pid)
            if links is None:
                await self.file(f"{pid}/stat")
                await self.file(f"{pid}/status")
                # A file in place of the directory: graphctl then finds that it may not read the descriptors.
                await self.replies.row("proc_file", f"{pid}/fd", "")
            elif links:
                self.links[pid] = links
                if not self.wanted.isdisjoint(links.values()):
                    self.holders.append(pid)

    async def send_links(self):
        of_holders = {link for pid in self.holders for link in self.links[pid].values()}
        pipes = {link for link in of_holders if link.startswith("pipe:")}
        for pid, links in self.links.items():
            holds = pid in self.holders
            for fd, link in links.items():
                if holds or link in pipes:
                    await self.replies.row("proc_link", f"{pid}/fd/{fd}", link)
                    # The flags of a pipe, or what an epoll instance watches.
                    if not link.startswith("socket:"):
                        await self.file(f"{pid}/fdinfo/{fd}")
            if holds or not pipes.isdisjoint(links.values()):
                await self.send_identity(pid)

    async def send_ancestors(self):
        """Sends the nearest ancestors of each holder."""
        for holder in self.holders:
            ancestor = parent_of(holder)
            for _ in range(ANCESTORS):
                if ancestor is None:
                    break
                await self.send_identity(ancestor)
                await self.link(f"{ancestor}/exe")
                await self.file(f"{ancestor}/maps", SEMAPHORES)
                ancestor = parent_of(ancestor)

    async def send_same_programs(self):
        """Sends each process that runs the executable of a holder, with the semaphores that it has."""
        programs = {executable(pid) for pid in self.holders} - {None}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            await self.replies.breathe()
            if executable(pid) in programs:
                await self.send_identity(pid)
                await self.link(f"{pid}/exe")
                await self.file(f"{pid}/maps", SEMAPHORES)

    async def send_identity(self, pid):
        for name in "stat", "status", "cmdline":
            await self.file(f"{pid}/{name}")

    async def sample(self):
        """Sends what each thread of the holders waits on."""
        for pid in self.holders:
            try:
                threads = os.listdir(f"/proc/{pid}/task")
            except OSError:
                threads = []
            self.sent.discard(f"{pid}/stat")
            await self.file(f"{pid}/stat")
            for thread in threads:
                for name in "syscall", "wchan", "stat":
                    self.sent.discard(f"{pid}/task/{thread}/{name}")
                    await self.file(f"{pid}/task/{thread}/{name}")


def stat_columns(pid):
    """The columns of /proc/PID/stat after the name, which may contain anything; none if the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].decode().split()
    except OSError:
        return []


def main_thread_exited(pid):
    """Whether the main thread of a process has exited, and others run on: it lists no descriptors."""
    columns = stat_columns(pid)
    return columns[:1] == ["Z"] and int(columns[17]) > 1


def executable(pid):
    """What the process runs, also if that was replaced since it started; None if it may not be read."""
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return None


def parent_of(pid):
    parent = stat_columns(pid)[1:2]
    return parent[0] if parent and parent != ["0"] else None


async def answer_holders(server, request, replies):
    if sys.platform != "linux":
        return
    try:
        await list_holders(replies, request["connections"])
    except OSError:
        # A container may forbid netlink, or have no /proc. What was not read is not known.
        pass


async def list_holders(replies, connections):
    processes = Processes(replies, await list_sockets(replies, connections))
    with open("/proc/uptime", "rb") as uptime:
        await replies.row("machine", float(uptime.read().split()[0]), time.time())
    if not processes.wanted:
        return
    for kind in "net", "pid":
        await processes.link(f"self/ns/{kind}")
    await processes.file("self/mountinfo", b" - proc ")
    await processes.file("1/stat")
    await processes.find_holders()
    await processes.send_links()
    await processes.send_ancestors()
    await processes.send_same_programs()
    for number in range(SAMPLES):
        if number:
            await asyncio.sleep(PAUSE)
        await replies.row("sample")
        await processes.sample()
