"""Turn Python and NumPy values into what JSON can hold."""

import json
import math
from typing import Any

import numpy as np


def json_value(data: Any) -> Any:
    """Return data as JSON holds it: NaN becomes null, infinity the words ``inf`` and ``-inf``."""
    if isinstance(data, dict):
        return {str(key): json_value(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [json_value(value) for value in data]
    if isinstance(data, np.generic):
        data = data.item()
    if isinstance(data, float) and not math.isfinite(data):
        return None if math.isnan(data) else ("inf" if data > 0 else "-inf")
    return data


def json_text(data: Any, *, ascii_only: bool = False) -> str:
    """Return data as indented JSON, with a line break at its end."""
    text = json.dumps(json_value(data), indent=2, ensure_ascii=ascii_only, allow_nan=False)
    return text + "\n"
