"""Set crmlab up and start it: `python start.py`. Nothing but Python is needed.

    python start.py [--port N] [--no-browser] [--lang CODE]    the lessons
    python start.py test [...]    every check; what follows goes to pytest
    python start.py bench [...]   the speed measurements; what follows goes to pytest

The first start makes a Python environment of its own in .venv beside this file; later starts
find it there. This file has to be read by Pythons too old to run crmlab, so that they can say so.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)


class Trouble(Exception):
    """What went wrong, and the way out, in one sentence."""


def check_python(version=None):
    """Refuse a Python that is too old for crmlab."""
    version = tuple(version or sys.version_info)
    if version[:2] < OLDEST:
        raise Trouble(
            "crmlab needs Python {}.{} or newer and this is Python {}.{}; install a newer one and "
            "start crmlab with it.".format(*(OLDEST + version[:2]))
        )


def main(argv=None, here=HERE):
    """Do what the command line asks for; return the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        check_python()
        command = argv.pop(0) if argv[:1] in (["test"], ["bench"]) else "start"
        if command == "start" and {"-h", "--help"} & set(argv):
            print(__doc__)
            return 0
        environment = Environment(here)
        environment.prepare("start" if command == "start" else "test")
        if command == "test":
            return environment.run(str(Path("tests", "checks.py")), *argv)
        if command == "bench":
            named = any((here / name.split("::")[0]).exists() for name in argv if name[:1] != "-")
            options = ["--benchmark-enable", "-rP"]
            what = argv if named else ["benchmarks", *argv]
            return environment.run("-m", "pytest", *options, *what)
        return environment.become("-m", "crmlab", "start", *argv)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


class Environment:
    """The Python environment in .venv, made when it is missing and made anew when it is broken."""

    def __init__(self, here):
        self.here = here
        self.folder = here / ".venv"
        self.scripts = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")

    def prepare(self, purpose):
        """Have everything installed that this purpose needs ("start" or "test")."""
        if self._stamped(purpose):
            return
        # Without any stamp nothing was ever finished in there, whatever it looks like.
        finished_once = any(self._stamp(name).is_file() for name in ("start", "test"))
        if not (finished_once and self._works()):
            self._make()
        self._install(purpose)
        try:
            self._stamp(purpose).write_text(self._wanted(), encoding="utf-8")
            if purpose == "test":  # which holds all that a start needs
                self._stamp("start").write_text(self._wanted(), encoding="utf-8")
        except OSError as error:
            raise Trouble(unwritable(self.folder, error)) from error

    def run(self, *arguments):
        """Run this environment's Python; return its exit code."""
        process = subprocess.Popen([str(self.python), *arguments], cwd=str(self.here))
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # Ctrl+C reaches the process too, and how to stop is its business

    def become(self, *arguments):
        """Run this environment's Python in place of this one, where the system knows how to."""
        if os.name == "nt":
            return self.run(*arguments)
        sys.stdout.flush()
        os.chdir(str(self.here))
        return os.execv(str(self.python), [str(self.python), *arguments])

    def _stamp(self, purpose):
        return self.folder / f"crmlab-{purpose}.stamp"

    def _wanted(self):
        digest = hashlib.sha256()
        for name in ("pyproject.toml", "constraints.txt"):
            try:
                digest.update((self.here / name).read_bytes())
            except OSError as error:
                raise Trouble(
                    f"The file {self.here / name} cannot be read; start.py has to stay in the "
                    "folder it came in, with everything beside it."
                ) from error
        # An editable install knows where it is: a folder that was moved needs another.
        digest.update(str(self.here).encode("utf-8"))
        return digest.hexdigest()

    def _stamped(self, purpose):
        try:
            found = self._stamp(purpose).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        return found == self._wanted() and self._works()

    def _works(self):
        test = f"import sys; sys.exit(sys.version_info[:2] < {OLDEST})"
        try:
            command = [str(self.python), "-c", test]
            return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _make(self):
        self._remove()
        say("Making a Python environment in .venv")
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(self.folder)], capture_output=True, text=True
        )
        if made.returncode:
            raise Trouble(why_no_venv(made.stdout + made.stderr, self.folder))

    def _remove(self):
        """Clear the way, but never throw away a folder that is not a Python environment."""
        if not os.path.lexists(str(self.folder)):
            return
        is_folder = self.folder.is_dir() and not self.folder.is_symlink()
        empty = is_folder and not any(self.folder.iterdir())
        if not empty and not (is_folder and (self.folder / "pyvenv.cfg").is_file()):
            raise Trouble(
                f"{self.folder} is in the way and is not a Python environment; move or rename it, "
                "then start again."
            )
        if not empty:
            say("The environment in .venv is unfinished or broken; it is made anew")
        try:
            shutil.rmtree(str(self.folder))
        except OSError as error:
            raise Trouble(
                f"The broken environment {self.folder} cannot be removed ({error.strerror}); "
                "close whatever uses it, delete it, then start again."
            ) from error

    def _install(self, purpose):
        for name in ("start", "test"):
            if self._stamp(name).is_file():
                self._stamp(name).unlink()
        target = ".[test]" if purpose == "test" else "."
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--no-input", "--retries", "2", "--progress-bar", "off"]
        command += ["-c", "constraints.txt", "-e", target]
        say("Installing what crmlab needs" + (" to be tested" if purpose == "test" else ""))
        process = subprocess.Popen(
            command,
            cwd=str(self.here),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            errors="replace",
        )
        told = []
        progress = Progress()
        try:
            for line in process.stdout:
                told.append(line)
                progress.take(line)
        finally:
            progress.done()
            if process.poll() is None and sys.exc_info()[0]:
                process.terminate()
            process.wait()
        if process.returncode:
            raise Trouble(why_not_installed("".join(told), self.folder))


class Progress:
    """What pip does, as one short line that counts."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.live = out.isatty()
        self.found = 0

    def take(self, line):
        """Take in one line of pip's."""
        if re.match(r"\s*(Collecting|Processing) ", line):
            self.found += 1
            self._show(f"  {self.found} packages found")
        elif line.startswith("Installing collected packages:"):
            count = len(line.split(":", 1)[1].split(","))
            self._show(f"  installing {count} packages, about a minute", always=True)

    def _show(self, text, always=False):
        if self.live:
            self.out.write("\r" + text.ljust(60))
        elif always or self.found % 25 == 0:
            self.out.write(text + "\n")
        self.out.flush()

    def done(self):
        """Leave the line."""
        if self.live and self.found:
            self.out.write("\n")
            self.out.flush()


def say(text):
    """Tell of one stage."""
    print(text, flush=True)


def unwritable(folder, error):
    """The sentence for a folder that cannot be written."""
    return (
        f"{folder} cannot be written ({getattr(error, 'strerror', None) or error}); copy crmlab "
        "to a folder of your own with some 2 GB free, then start again."
    )


def why_no_venv(told, folder):
    """What kept venv from making an environment, as one sentence."""
    common = why_not_written(told, folder)
    if common:
        return common
    if "ensurepip" in told or "No module named venv" in told:
        return (
            "This Python comes without its venv module; install it (on Debian and Ubuntu: "
            "apt install python3-venv), then start again."
        )
    return f"No Python environment could be made in {folder} ({last_line(told)})."


def why_not_installed(told, folder):
    """What kept pip from installing, as one sentence."""
    unreachable = (
        "NewConnectionError|ConnectTimeoutError|Failed to establish|Name or service not known"
        "|name resolution|getaddrinfo|ProxyError|Connection refused|Network is unreachable"
        "|ReadTimeoutError|Connection broken|Connection aborted|CERTIFICATE_VERIFY_FAILED|SSLError"
    )
    common = why_not_written(told, folder)
    if common:
        return common
    if re.search(unreachable, told):
        return (
            "The package index cannot be reached, so nothing could be installed; connect to the "
            "internet (or set pip's proxy or index), then start again."
        )
    return (
        f"The packages could not be installed ({last_line(told)}); start again, and if that does "
        f"not help, delete {folder} first."
    )


def why_not_written(told, folder):
    """The sentence when a disk is full or a folder read-only, else None."""
    if re.search(r"No space left|not enough space|Errno 28\b|Disk quota", told):
        return f"The disk is full; free some 2 GB where {folder.parent} is, then start again."
    denied = re.search(r"Read-only file system|Permission denied|Access is denied", told)
    return unwritable(folder, denied.group(0)) if denied else None


def last_line(told):
    """The last thing a tool said, as part of a sentence."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")] or lines
    return re.sub(r"^ERROR:\s*", "", errors[-1]).rstrip(".") if errors else "no reason given"


if __name__ == "__main__":
    sys.exit(main())
