# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The Rondo authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the checks of this folder that train on virtual hosts: the data, the run, and what is
# expected of it. They set `directory`, where everything goes, and `programs`.
# shellcheck disable=SC2154

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  tail -n 40 "$directory"/*.out "$directory"/output /run/slurm/*.log >&2 2>/dev/null || true
  exit 1
}

# expect_code CODE COMMAND...: the command's output goes to "$directory/output".
expect_code() {
  local expected=$1 code=0
  shift
  "$@" >"$directory/output" 2>&1 || code=$?
  ((code == expected)) || fail "exit code $code instead of $expected: $*"
}

expect_output() {
  grep --quiet --extended-regexp -- "$1" "$2" || fail "no '$1' in $2"
}

# wait_until SECONDS WHAT COMMAND...: until the command succeeds
wait_until() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || fail "$what: not within the time"
    sleep 0.3
  done
}

# idx_split NAME COUNT: images of 12 x 12 pixels in 10 classes; what is on them does not matter here.
idx_split() {
  local size ten
  size=$(printf '\\x%02x\\x%02x' $(($2 / 256)) $(($2 % 256)))
  {
    printf %b '\x00\x00\x08\x03\x00\x00' "$size" '\x00\x00\x00\x0c\x00\x00\x00\x0c'
    head -c $(($2 * 144)) < <(seq 100000)
  } >"$directory/$1-images-idx3-ubyte"
  {
    printf %b '\x00\x00\x08\x01\x00\x00' "$size"
    for ((ten = 0; ten < $2 / 10; ++ten)); do printf '\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09'; done
  } >"$directory/$1-labels-idx1-ubyte"
}

make_data() {
  idx_split train 300
  idx_split t10k 80
  expect_code 0 "$programs/rondo-data" convert idx --directory "$directory" --output "$directory/data.h5"
}

# trainer_options RUN [EPOCHS]: the same run every time: its bits do not depend on the ranks. An epoch has 5
# steps, with one checkpoint.
trainer_options() {
  printf '%s\n' --data "$directory/data.h5" --model lenet --batch 16 --lanes 4 --lr 0.01 --reduce fixed \
    --epochs "${2:-40}" --output "$directory/$1"
}

# end_of RUN KEY: of its last end event
end_of() {
  sed -nE "/\"event\":\"end\"/s/.*\"$2\":\"?([^\",}]*).*/\1/p" "$directory/$1/metrics.ndjson" | tail -n 1
}

# has_made RUN STEP
has_made() {
  grep --quiet --no-messages "\"event\":\"step\",\"step\":$2," "$directory/$1/metrics.ndjson"
}

# expect_the_bits_of_an_undisturbed_run RUN [EPOCHS]
expect_the_bits_of_an_undisturbed_run() {
  local -a options
  mapfile -t options < <(trainer_options undisturbed "${@:2}")
  expect_code 0 "$programs/rondo-train-image" "${options[@]}"
  [[ $(end_of "$1" parameters_hash) == "$(end_of undisturbed parameters_hash)" ]] ||
    fail "$1 ended with other parameters than an undisturbed run"
}
