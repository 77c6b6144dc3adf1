#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# files.sh DIRECTORY: made-up files, DIRECTORY/<tenant>/<user>/…, for the first profiles of the organisation in the
# current folder (organisation.db) and for the person of the demo. The same at every run.
set -euo pipefail

root=$1
picture=iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAIklEQVR42mPQqFgAR/+REC5xhkGogRhFyOKDUcNoPAwKDQC44quQAnjr1wAAAABJRU5ErkJggg==

user_files() {
    local folder=$root/$1/$2 label=$3 rows=$4 row
    mkdir -p "$folder/pictures" "$folder/shared with me"
    printf 'A note of %s.\n\nNothing in it is about anybody who exists.\n' "$label" >"$folder/note.txt"
    {
        printf 'day,hours,task\r\n'
        for ((row = 1; row <= rows; row++)); do
            printf '%d,%d.%d,"crane ""%c"", shift %d"\r\n' \
                "$row" $((row * 7 % 9)) $((row * 3 % 10)) "A" $((row % 3))
        done
    } >"$folder/shared with me/hours.csv"
    base64 -d <<<"$picture" >"$folder/pictures/tile.png"
}

sqlite3 -separator ' ' organisation.db \
    "SELECT tenant_id, user_id FROM inbound_shared_user_profiles
      WHERE user_id NOT LIKE 'c228b2ae-%' ORDER BY tenant_id, user_id LIMIT 36" |
    while read -r tenant user; do
        user_files "$tenant" "$user" "profile $user" 10
    done

demo_tenant=6d1e2f30-5a4b-4c3d-8e9f-000000000001
demo_user=c228b2ae-c4fb-4eda-9620-7e73dddd1cac
user_files "$demo_tenant" "$demo_user" "Robin" 5000
printf '<script>alert("a file is copied as it is")</script>\n' \
    >"$root/$demo_tenant/$demo_user/Grüße <b>&amp; \"quotes\" 🦉.txt"
: >"$root/$demo_tenant/$demo_user/empty.txt"
