def trim: {id, name, api_pattern, fallback_model_providers, models: [.models[] | {id, match, prices, context_window} | del(..|nulls)]} | del(..|nulls);
. as $all | map(select(.id == $id)) | . + [ .[0].fallback_model_providers[]? as $f | $all[] | select(.id == $f) ] | map(trim)
