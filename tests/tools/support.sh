# What the tests in bash share: to be sourced with the extension as $1 and the folder as $2.
extension=$1
folder=$2
failures=0

# expect WHAT WANTED GOT
expect() {
  [ "$2" = "$3" ] && return
  printf '%s:\n  wanted: %s\n  got:    %s\n' "$1" "${2:0:1000}" "${3:0:1000}"
  failures=$((failures + 1))
}

# expect_in WHAT PART GOT
expect_in() {
  [[ "$3" == *"$2"* ]] || expect "$1" "... $2 ..." "$3"
}

# sql STATEMENT...: what the sqlite3 shell answers, errors too.
sql() { sqlite3 -batch "$folder/plant.db" ".load $extension" "$@" 2>&1; }

finish() {
  [ "$failures" -eq 0 ] || { echo "$failures checks failed"; exit 1; }
  echo "all as it should be"
}
