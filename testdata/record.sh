#!/bin/sh
# Records the traces in testdata/traces, each with the real toolchain of its Go
# version, which the go command downloads through the module proxy. Run it from
# the root of the repository, on a quiet machine with two processors or more:
#
#	testdata/record.sh            every version
#	testdata/record.sh 1.25 1.26  these
#
# It needs a C compiler (cgo). The damaged files are made from the traces
# afterwards: go run ./testdata/programs/damage.
set -eu

versions=${*:-1.11 1.19 1.21 1.22 1.23 1.24 1.25 1.26}
traces=$PWD/testdata/traces
programs=$PWD/testdata/programs
tmp=$(mktemp -d -t conctrace-testdata.XXXXXX)
trap 'rm -rf "$tmp"' EXIT INT TERM

# toolchain prints the release that stands for a version.
toolchain() {
	case $1 in
	1.21) echo go1.21.13 ;;
	1.22) echo go1.22.12 ;;
	1.23) echo go1.23.12 ;;
	1.24) echo go1.24.11 ;;
	1.25) echo go1.25.5 ;;
	1.26) echo go1.26.8 ;;
	*) echo "no toolchain is known for Go $1" >&2; exit 1 ;;
	esac
}

# copy_old copies traces of versions that are too old to run: the Go tree has
# some, under its own licence (testdata/traces/LICENSE-go).
copy_old() {
	goroot=$(GOTOOLCHAIN=local go env GOROOT)
	from=$goroot/src/internal/trace/internal/tracev1/testdata
	v=$(echo "$1" | tr . _)
	mkdir -p "$traces/go$1"
	for name in http stress_start_stop user_task_region fmt; do
		for f in "$from/${name}_${v}_good" "$from/${name}_${v}_pprof_good"; do
			if [ -f "$f" ]; then
				cp "$f" "$traces/go$1/go-$(echo "$name" | tr _ -).trace"
			fi
		done
	done
	cp "$goroot/LICENSE" "$traces/LICENSE-go"
}

# kinds records scenarios: kinds NAME ARGUMENTS...
kinds() {
	name=$1
	shift
	"$tmp/bin/kinds" -o "$out/$name.trace" "$@"
}

record() {
	v=$1
	out=$traces/go$v
	mkdir -p "$out" "$tmp/bin"
	GOTOOLCHAIN=$(toolchain "$v")
	export GOTOOLCHAIN CGO_ENABLED=1 GOWORK=off

	# A downloaded toolchain lives below a home directory, which must not show
	# in the stacks. The installed one may.
	GOFLAGS=-buildvcs=false
	if [ "$(GOTOOLCHAIN=local go env GOVERSION)" != "$GOTOOLCHAIN" ]; then
		GOFLAGS="$GOFLAGS -trimpath"
	fi
	export GOFLAGS

	# The module says the toolchain's own version: with an older one, Go behaves
	# as that did in some respects (GODEBUG asynctimerchan, for one).
	for p in kinds server unittest; do
		rm -rf "${tmp:?}/$p"
		cp -R "$programs/$p" "$tmp/$p"
		printf 'module %s\n\ngo %s\n' "$p" "$v" >"$tmp/$p/go.mod"
	done
	for p in kinds server; do
		(cd "$tmp/$p" && go build -o "$tmp/bin/$p" .)
	done
	"$tmp/bin/kinds" -list >"$out/kinds.json"
	kinds all all
	kinds tiny tiny
	kinds pretrace pretrace
	kinds tasks tasks hostile-names
	kinds at-rest at-rest
	kinds generations generations
	"$tmp/bin/server" -o "$out/server.trace"
	(cd "$tmp/unittest" && go test -count=1 -trace "$out/go-test.trace" -o "$tmp/bin/unittest" . >&2)

	case $v in 1.25 | 1.26)
		kinds recorder -recorder mutex select network-read sleep tasks at-rest
	esac
	case $v in 1.26)
		kinds all-procs1 -procs 1 all
		kinds all-procs4 -procs 4 all
		# The go command traces its own work. A cache of its own would make it
		# compile the standard library first.
		(cd "$tmp/unittest" && go build std && touch unittest.go &&
			echo "var V = $$" >>unittest.go &&
			go build -debug-runtime-trace="$out/go-build.trace" .)
	esac
}

for v in $versions; do
	echo "go$v"
	case $v in
	1.11 | 1.19) copy_old "$v" ;;
	1.21) record "$v"; copy_old "$v" ;;
	*) record "$v" ;;
	esac
done

# Scenarios and services are about analyses, not versions: the newest Go records them. Their
# times matter: record them on a quiet machine, and look at the table in README.md.
case " $versions " in *" 1.26 "*)
	for p in scenarios services; do
		echo $p
		mkdir -p "$tmp/bin" "$traces/$p"
		GOTOOLCHAIN=$(toolchain 1.26) GOFLAGS= CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$tmp/bin/$p" "./testdata/programs/$p"
		"$tmp/bin/$p" -list >"$traces/$p/$p.json"
		"$tmp/bin/$p" -all "$traces/$p"
	done
esac

# No trace may tell where someone's home or checkout is.
if grep -rlaF -e "$HOME/" -e "$PWD/" "$traces"; then
	echo "the traces above contain machine paths" >&2
	exit 1
fi
