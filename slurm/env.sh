# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the batch scripts of this folder; README.md beside it explains every variable. What is
# set already stays as it is: set it in your shell, or with sbatch --export.

readonly exit_requeue=75 exit_configuration=78 exit_node_lost=205 # the last one is of mpirun

# Where the programs are: an installation, or the build folder of this repository.
: "${RONDO_BIN:=${SLURM_SUBMIT_DIR:-$PWD}/build/release/bin}"
# How ranks are started: mpirun, srun (srun --mpi=pmix), or rondo-run (mpirun again after a failure).
: "${RONDO_LAUNCHER:=mpirun}"
# What a rank is bound to: a gpu's or any NUMA domain (gpu, numa), or one core (core), or nothing (none).
: "${RONDO_RANK_PER:=numa}"
# The fewest ranks with which rondo-run goes on after nodes were lost.
: "${RONDO_MIN_RANKS:=1}"
# How often a job may be put back into the queue.
: "${RONDO_MAX_REQUEUES:=100}"
# Copies of the data set's chunks on the nodes' own disks, of at most this size, such as 200G.
: "${RONDO_STAGE_BUDGET:=}"

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
# Ranks that the launcher leaves unbound would bind themselves.
[[ $RONDO_RANK_PER != none ]] || export RONDO_BIND=${RONDO_BIND:-none}

# InfiniBand and RoCE go through UCX. Without such a device Open MPI finds TCP by itself.
use_infiniband() {
  [[ -n $(ls /sys/class/infiniband 2>/dev/null) ]] || return 0
  export OMPI_MCA_pml=${OMPI_MCA_pml:-ucx}
  export UCX_TLS=${UCX_TLS:-rc,ud,sm,self}
}
use_infiniband

# mpirun notices after some 10 s that a node is gone, and not after 480.
export OMPI_MCA_oob_tcp_keepalive_time=${OMPI_MCA_oob_tcp_keepalive_time:-5}
export OMPI_MCA_oob_tcp_keepalive_intvl=${OMPI_MCA_oob_tcp_keepalive_intvl:-2}
export OMPI_MCA_oob_tcp_keepalive_probes=${OMPI_MCA_oob_tcp_keepalive_probes:-3}

# mpirun with its bindings, a word a line.
mpirun_words() {
  case $RONDO_RANK_PER in
    gpu | numa) printf '%s\n' mpirun --map-by numa --bind-to numa ;;
    core) printf '%s\n' mpirun --map-by core --bind-to core ;;
    none) printf '%s\n' mpirun --bind-to none ;;
  esac
}

srun_words() {
  printf '%s\n' srun --mpi=pmix
  case $RONDO_RANK_PER in
    gpu) printf '%s\n' --gpus-per-task=1 --cpu-bind=ldoms ;;
    numa) printf '%s\n' --cpu-bind=ldoms ;;
    core) printf '%s\n' --cpu-bind=cores ;;
    none) printf '%s\n' --cpu-bind=none ;;
  esac
}

# The ranks that the job has room for. SLURM_NTASKS is not the place to look: where a job in the queue was
# made smaller it keeps the old number.
rank_count() {
  local -a parts
  local part count=0
  IFS=, read -ra parts <<<"$SLURM_TASKS_PER_NODE"
  for part in "${parts[@]}"; do # such as 8(x3) or 4
    [[ $part =~ ^([0-9]+)(\(x([0-9]+)\))?$ ]] || return 1
    count=$((count + BASH_REMATCH[1] * ${BASH_REMATCH[3]:-1}))
  done
  echo $count
}

# The launcher of all ranks of the job, a word a line.
launcher_words() {
  case $RONDO_LAUNCHER in
    mpirun)
      mpirun_words
      printf '%s\n' -np "$(rank_count)"
      ;;
    srun)
      srun_words
      printf '%s\n' --ntasks "$(rank_count)"
      ;;
    rondo-run)
      printf '%s\n' "$RONDO_BIN/rondo-run" -np "$(rank_count)" --min-ranks "$RONDO_MIN_RANKS" --mpirun "$(mpirun_words | xargs)" --
      ;;
  esac
}

check_settings() {
  if [[ ! $RONDO_LAUNCHER =~ ^(mpirun|srun|rondo-run)$ ]]; then
    echo "RONDO_LAUNCHER is '$RONDO_LAUNCHER': it must be mpirun, srun or rondo-run" >&2
    exit $exit_configuration
  fi
  if [[ ! $RONDO_RANK_PER =~ ^(gpu|numa|core|none)$ ]]; then
    echo "RONDO_RANK_PER is '$RONDO_RANK_PER': it must be gpu, numa, core or none" >&2
    exit $exit_configuration
  fi
  if [[ ! -x $RONDO_BIN/rondo-train-image ]]; then
    echo "no programs in $RONDO_BIN: submit from the repository after building it, or set RONDO_BIN" >&2
    exit $exit_configuration
  fi
}
check_settings

# Options of the trainer that stage its data on the nodes' own disks; none without RONDO_STAGE_BUDGET.
stage_options() {
  [[ -z $RONDO_STAGE_BUDGET ]] ||
    printf '%s\n' --stage "${TMPDIR:-/tmp}" --stage-budget "$RONDO_STAGE_BUDGET"
}

# run_ranks COMMAND...: on all ranks. Slurm's warning to this shell goes on to the launcher, which
# hands it to every rank: they save and leave with 75.
run_ranks() {
  local code=0 warned=no launcher
  local -a words
  mapfile -t words < <(launcher_words)
  "${words[@]}" "$@" &
  launcher=$!
  trap 'warned=yes; kill -USR1 $launcher' USR1 TERM
  wait $launcher || code=$?
  # A trapped signal ends the wait, but not the launcher.
  while [[ $warned == yes ]] && ((code > 128)); do
    warned=no code=0
    wait $launcher || code=$?
  done
  trap - USR1 TERM
  # The warning came before the launcher could hear it: the checkpoints are as they were.
  ((code != 128 + $(kill -l USR1))) || code=$exit_requeue
  ((code != exit_node_lost)) || code=$exit_requeue
  return $code
}

# leave CODE: ends the job, or puts it back into the queue where the run is to go on. Slurm does that
# itself where its RequeueExit has 75.
leave() {
  if (($1 == exit_requeue && ${SLURM_RESTART_COUNT:-0} < RONDO_MAX_REQUEUES)); then
    echo "$(date -Is) job $SLURM_JOB_ID goes back into the queue"
    scontrol requeue "$SLURM_JOB_ID" || true
  fi
  exit "$1"
}
