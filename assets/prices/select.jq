# A `\d` that knows every script's digits takes 60 ranges, and a regular
# expression that has eight of them 50 kB.
def ascii: walk(if type == "object" and has("regex") then .regex |= gsub("\\\\d"; "[0-9]") else . end);
def trim: {id, name, api_pattern, fallback_model_providers, models: [.models[] | {id, match, prices, context_window} | del(..|nulls)]} | del(..|nulls) | ascii;
. as $all | map(select(.id == $id)) | . + [ .[0].fallback_model_providers[]? as $f | $all[] | select(.id == $f) ] | map(trim)
