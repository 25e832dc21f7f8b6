"""What goes into a block comes out of it: numbers of every type, bytes, JSON with anything in it."""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
from array import array

import pytest

from recorder.report.session_page.blocks import NumberTable, Places, block, compact_json, json_block, packed


def content(element: str) -> bytes:
    name, text = re.fullmatch(
        r'<script type="application/octet-stream;base64" id="([^"]*)">([A-Za-z0-9+/=]*)</script>\n', element
    ).groups()
    assert name == "0-some"
    return gzip.decompress(base64.b64decode(text))


def test_columns_stand_one_after_the_other_each_where_its_directory_says():
    columns = NumberTable({"small": "B", "middle": "H", "large": "I", "real": "d"})
    columns.add(1, 2, 3, 0.5)
    columns.add(255, 65_535, 4_294_967_295, None)
    columns.add(None, 70_000, -1, 2**53)
    directory, data = packed({"t": columns})
    found = {}
    for name, (code, offset, length, differs) in directory.items():
        assert offset % 8 == differs == 0
        column = array(code)
        column.frombytes(data[offset : offset + length * column.itemsize])
        found[name] = list(column)
    assert found["t_small"] == [1, 255, 255]
    assert found["t_middle"] == [2, 65_535, 65_535]
    assert found["t_large"] == [3, 4_294_967_295, 0]
    assert (found["t_real"][0], found["t_real"][2]) == (0.5, 2**53)
    assert math.isnan(found["t_real"][1])


@pytest.mark.parametrize("values", [[5, None, 7, 7, -2, None, 2**52], [None], [2**52, -(2**52)], [0]])
def test_whole_numbers_are_written_as_differences_to_the_last_known(values):
    columns = NumberTable({"real": "d"})
    for value in values:
        columns.add(value)
    directory, data = packed({"t": columns})
    assert directory["t_real"] == ["d", 0, len(values), 1]
    found, last = [], 0.0
    for difference in array("d", data):
        last = last if math.isnan(difference) else last + difference
        found.append(None if math.isnan(difference) else last)
    assert found == values


@pytest.mark.parametrize("odd", [0.1, 2**53, math.inf])
def test_a_number_whose_difference_may_not_be_exact_leaves_its_column_as_it_is(odd):
    columns = NumberTable({"real": "d"})
    columns.add(3)
    columns.add(odd)
    directory, data = packed({"t": columns})
    assert directory["t_real"][3] == 0
    assert list(array("d", data)) == [3, odd]


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 5_000, b"</script><!--"])
def test_bytes_come_out_of_their_block(data):
    assert content(block("0-some", data).element) == data


@pytest.mark.parametrize("data", ["</script>", "\ud800", "\u2028", {"a": [None, 1.5]}])
def test_json_comes_out_of_its_block(data):
    assert json.loads(content(json_block("0-some", data).element)) == data
    assert compact_json(data).isascii()


def test_equal_values_have_one_place():
    places = Places()
    assert [places.of(each) for each in ("a", "b", "a")] == [0, 1, 0]
    assert places.values == ["a", "b"]
