# shellcheck shell=bash
# What both supervisors need: Redis from the shell, the child's start, lines of progress. Sourced, not run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${FF_WORK:-$PWD}
state_dir=$work/tmp/supervisor
prefix=${FF_PREFIX:-ff:}
pod=${FF_POD:-worker-$$}
export FF_WORK=$work FF_POD=$pod
export TMPDIR=${TMPDIR:-$work/tmp}
mkdir -p "$state_dir" "$TMPDIR" "$work/job"
# The project's R library, where the image has not set another: beside this folder in a checkout.
if [[ -z ${R_LIBS:-} && -d $here/../../.local/R ]]; then
  R_LIBS=$(cd "$here/../../.local/R" && pwd)
  export R_LIBS
fi
# R reads scripts and data in the encoding of its locale: without UTF-8 a letter beyond ASCII ends its parser. A user's own UTF-8 locale stays.
[[ $(locale charmap 2>/dev/null) == UTF-8 ]] || export LC_ALL=C.UTF-8
# Threads of BLAS would multiply with the workers of a machine.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1} MKL_NUM_THREADS=${MKL_NUM_THREADS:-1}

# The password goes by environment: arguments can be seen by others. An empty one would be sent as well, and refused by a server that has none.
redis() {
  if [[ -n ${FF_REDIS_PASSWORD:-} ]]; then local -x REDISCLI_AUTH=$FF_REDIS_PASSWORD; fi
  timeout 5 redis-cli -h "${FF_REDIS_HOST:-127.0.0.1}" -p "${FF_REDIS_PORT:-6379}" --no-auth-warning "$@"
}

# Several commands, one per line on stdin. False unless Redis took every one.
redis_lines() {
  local answer
  answer=$(redis 2>&1 | tr -d '\0'; exit "${PIPESTATUS[0]}") || return 1
  [[ $answer != *"Could not connect"* && $answer != *ERR* && $answer != *NOAUTH* && $answer != *OOM* && $answer != *LOADING* && $answer != *"Connection reset"* && $answer != *"Server closed"* ]]
}

now() { printf '%s' "$EPOCHREALTIME"; }

whole_seconds() { printf '%s' "${EPOCHREALTIME%.*}"; }

json_text() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[$'\n\r\t']/ }"
}

progress() { # from, event, message
  if [[ -n ${FF_JOB:-} ]]; then
    printf '{"ff":"progress","job":%s,"attempt":%s,"from":"%s","event":"%s","worker":%s,"message":%s}\n' "$(json_text "$FF_JOB")" "${FF_ATTEMPT:-1}" \
      "$1" "$2" "$(json_text "$pod")" "$(json_text "$3")"
  fi
}

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

# Waits until the child has ended or so many seconds have passed; true when it has ended. A trapped signal ends the wait early.
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
