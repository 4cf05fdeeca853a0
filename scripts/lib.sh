# shellcheck shell=bash
# What the scripts in this folder share. Source it:  . "$(dirname "$0")/lib.sh"
# Written for bash 3.2, which is what macOS has.

stylebook_repo=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
stylebook_state=$stylebook_repo/.stylebook # ignored by git: everything setup makes is here
stylebook_venv=$stylebook_state/venv
stylebook_me=$(basename -- "$0")

say() { printf '[%3ds] %s\n' "$SECONDS" "$*"; }
warn() { printf '%s: %s\n' "$stylebook_me" "$*" >&2; }
die() {
	warn "$*"
	exit 1
}

[ -n "${HOME:-}" ] || die "HOME is not set: set it to a folder of your own, Go and Python keep their files there"

# drop_parts PREFIX: removes folders PREFIX.PID of processes that are gone: what they left when they were killed.
drop_parts() {
	local part
	for part in "$1".*; do
		[ ! -d "$part" ] || kill -0 "${part##*.}" 2>/dev/null || rm -rf "$part"
	done
}

# abspath PATH: PATH as seen from the current folder, made absolute.
abspath() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$PWD" "$1" ;;
	esac
}

# cache_dir: what Go's os.UserCacheDir() says, plus /stylebook.
cache_dir() {
	if [ "$(uname -s)" = Darwin ]; then
		printf '%s\n' "$HOME/Library/Caches/stylebook"
	else
		printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/stylebook"
	fi
}

# go_serves GO: whether this Go can build this repository.
go_serves() { [ -x "$1" ] && (cd "$stylebook_repo" && GOWORK=off GOFLAGS='' GOTOOLCHAIN=local "$1" list -m) >/dev/null 2>&1; }

# find_go: puts a Go that serves into PATH, if the one there doesn't: that of the usual place, else the one that setup brought.
find_go() {
	local go
	for go in "$(command -v go)" /usr/local/go/bin/go "$stylebook_state/go/bin/go"; do
		go_serves "$go" || continue
		[ "$go" = "$(command -v go)" ] || PATH=$(dirname -- "$go"):$PATH
		return 0
	done
	return 1
}

# cgo_works: whether Go can call the C compiler, as XLA needs.
cgo_works() {
	local cc
	[ "$(go env CGO_ENABLED)" = 1 ] || return 1
	cc=$(go env CC)
	# CC may hold flags ("ccache gcc"), so it is split on purpose
	# shellcheck disable=SC2086
	printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | $cc -x c -fsyntax-only - >/dev/null 2>&1
}

# pinned PYTHON LIST FOLDER: downloads the packages whose hashes are in kernel-config/LIST.
pinned() {
	"$1" -m pip download --disable-pip-version-check --no-input --retries 2 --no-deps --only-binary :all: --require-hashes \
		-r "$stylebook_repo/kernel-config/$2" -d "$3"
}

# plugin_wheel PYTHON FOLDER: unpacks the package with XLA's CPU plugin for Linux on x86-64 in FOLDER.
plugin_wheel() { pinned "$1" pjrt-cpu.txt "$2" && "$1" -m zipfile -e "$2"/*.whl "$2"; }

# stylebook_env: the environment that everything of ours is built and run in, notebooks included. A Go
# build cache is warm only under the very same GOEXPERIMENT, GOFLAGS and CGO_ENABLED, so they are decided
# here and nowhere else. The caller's GOMLX_BACKEND and PJRT_PLUGIN_LIBRARY_PATH go through untouched.
stylebook_env() {
	find_go || die "Go is not here: run scripts/setup, which brings it"

	unset GOEXPERIMENT
	export GOFLAGS='-buildvcs=false -ldflags=-w' # -w: linking is most of a cell's wait
	export GOWORK=off                            # no go.work of a folder above
	if cgo_works; then
		export CGO_ENABLED=1
	else
		export CGO_ENABLED=0 GOFLAGS="$GOFLAGS -tags=noxla" # GoMLX's tag
	fi
	export GOMLX_NO_AUTO_INSTALL=1 # nothing is downloaded in the middle of a cell

	export PATH="$stylebook_state/bin:$stylebook_venv/bin:$PATH"
	# Jupyter's settings and lists of running servers stay here too: what is in ~/.jupyter has no say
	export JUPYTER_CONFIG_DIR="$stylebook_state/jupyter/config"
	export JUPYTER_DATA_DIR="$stylebook_state/jupyter/data"
	export JUPYTER_RUNTIME_DIR="$stylebook_state/jupyter/runtime"

	if [ -n "${STYLEBOOK_WEIGHTS:-}" ]; then
		# a kernel runs in its notebook's folder, not in the caller's
		case $STYLEBOOK_WEIGHTS in
		auto | vgg19 | vgg16 | offline | random | *://*) ;;
		*) STYLEBOOK_WEIGHTS=$(abspath "$STYLEBOOK_WEIGHTS") ;;
		esac
		export STYLEBOOK_WEIGHTS
	fi
}

# gopls_later: lets setup build what notebooks need only when Tab is pressed, without keeping anybody waiting.
gopls_later() {
	[ -x "$stylebook_state/bin/gopls" ] || say "help while typing (gopls): being built in the background, ready in some minutes"
	(trap '' HUP INT && exec nice -n 19 "$stylebook_repo/scripts/setup" --only-gopls </dev/null >"$stylebook_state/gopls.log" 2>&1 9>&-) &
}

# own_venv FOLDER LIST NAMES: makes an environment in FOLDER with the packages whose hashes are in scripts/tools/LIST, for one command only.
own_venv() {
	local list=$stylebook_repo/scripts/tools/$2
	[ "$(cat "$1/.ready" 2>/dev/null)" != "$(cksum <"$list")" ] || return 0
	"$stylebook_venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
		die "$3: Python 3.11 or newer is needed: name one in STYLEBOOK_PYTHON and run scripts/setup"
	say "$3: installing into ${1#"$stylebook_repo/"} (some minutes)"
	rm -rf "$1"
	"$stylebook_venv/bin/python" -m venv "$1"
	"$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r "$list" ||
		die "$3 could not be installed: see above"
	cksum <"$list" >"$1/.ready"
}

# get_playwright: installs what drives Chromium.
get_playwright() {
	"$stylebook_venv/bin/python" -m pip install -q --disable-pip-version-check --no-input --only-binary :all: \
		--require-hashes -r "$stylebook_repo/notebooks/tests/browser.txt"
}
