# shellcheck shell=bash
# What both supervisors need: the client that speaks for them, and the child's start. Sourced, not run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
work=${FF_WORK:-$PWD}
state_dir=$work/tmp/supervisor
pod=${FF_POD:-worker-$$}
export FF_WORK=$work FF_POD=$pod
export TMPDIR=${TMPDIR:-$work/tmp}
mkdir -p "$state_dir" "$TMPDIR" "$work/job"
# The project's R library, where the image has not set another: beside this folder in a checkout.
if [[ -z ${R_LIBS:-} && -d $here/../../.local/R ]]; then
  R_LIBS=$(cd "$here/../../.local/R" && pwd)
  export R_LIBS
fi
# R reads scripts and data in the encoding of its locale: without UTF-8 a letter beyond ASCII ends its parser. A user's
# own UTF-8 locale stays.
[[ $(locale charmap 2>/dev/null) == UTF-8 ]] || export LC_ALL=C.UTF-8
# Threads of BLAS would multiply with the workers of a machine.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
export MKL_NUM_THREADS=${MKL_NUM_THREADS:-1}

# Redis and lines of progress: src/supervisor/main.c lists the verbs. Beside this folder in the installed package, else
# in R's library.
find_client() {
  local place places
  IFS=: read -ra places <<<"${R_LIBS:-}"
  for place in "$here/.." "${places[@]/%//foreachfleet}"; do
    if [[ -x $place/exec/supervisor-client ]]; then
      printf '%s' "$place/exec/supervisor-client"
      return
    fi
  done
  Rscript --vanilla -e 'cat(system.file("exec", "supervisor-client", package = "foreachfleet", mustWork = TRUE))'
}
client=$(find_client) || exit 4

whole_seconds() { printf '%s' "${EPOCHREALTIME%.*}"; }

# Starts R as a child that dies with this process, however this process dies.
start_r() {
  local expression=$1
  if command -v setpriv >/dev/null && setpriv --pdeathsig KILL true 2>/dev/null; then
    setpriv --pdeathsig KILL -- Rscript --vanilla -e "$expression" &
  else
    Rscript --vanilla -e "$expression" &
  fi
  child=$!
}

# Waits until the child has ended or so many seconds have passed; true when it has ended. A trapped signal ends the wait
# early.
child_ended_within() {
  sleep "$1" &
  local sleeper=$!
  wait -n "$child" "$sleeper" 2>/dev/null
  kill "$sleeper" 2>/dev/null
  wait "$sleeper" 2>/dev/null
  ! kill -0 "$child" 2>/dev/null
}

describe_status() {
  case $1 in
    0) echo 'R left by itself, as quit() in an iteration does' ;;
    137) echo 'killed by signal 9, often for want of memory' ;;
    139) echo 'segmentation fault' ;;
    134) echo 'aborted' ;;
    *) if (($1 > 128)); then echo "killed by signal $(($1 - 128))"; else echo "R ended with status $1"; fi ;;
  esac
}
