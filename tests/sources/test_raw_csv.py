"""CSV as shops write it: every delimiter, encoding and quoting habit, titles, ragged rows, packed files."""

from __future__ import annotations

import csv
import gzip
import io
import random

import pytest

from regulars.lake.workspace import open_workspace
from regulars.sources.raw import read_raw

HEADER = ["order_id", "customer", "date", "amount"]
ROWS = [
    ["1001", "Zażółć Gęślą", "2024-01-05", "12,50"],
    ["1002", "Łukasz Ściana", "2024-01-06", "7,00"],
    ["1003", "Ala, ma; kota", "2024-01-07", "1 234,00"],
    ["1004", 'Mówi "tak"', "2024-02-01", "0,99"],
]


@pytest.fixture(scope="module")
def workspace():
    space = open_workspace()
    yield space
    space.close()


def written(rows=ROWS, *, delimiter=",", header=HEADER, end="\n", quoting=csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([header, *rows])
    return out.getvalue()


def rows_of(raw):
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in raw.columns)
    query = f"SELECT {columns} FROM {raw.relation} ORDER BY __file, __row"
    return [list(row) for row in raw.workspace.door.connection.execute(query).fetchall()]


def rejects_of(raw):
    query = f"SELECT file, line, value, reason FROM {raw.rejects} ORDER BY file, line"
    return raw.workspace.door.connection.execute(query).fetchall()


def lines_of(raw):
    query = raw.with_lines(raw.relation)
    return [
        line
        for (line,) in raw.workspace.door.connection.execute(
            f"SELECT line FROM ({query}) ORDER BY __file, __row"
        ).fetchall()
    ]


def read(tmp_path, workspace, content: str | bytes, name="orders.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_raw(path, workspace, **options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_delimiters_line_ends_and_quoting(tmp_path, workspace, delimiter, end, quoting):
    raw = read(tmp_path, workspace, written(delimiter=delimiter, end=end, quoting=quoting))
    assert list(raw.columns) == HEADER
    assert rows_of(raw) == ROWS
    assert set(raw.types.values()) == {"VARCHAR"}
    (read_file,) = raw.files
    assert (read_file.delimiter, read_file.records, read_file.rejected) == (delimiter, 4, 0)
    assert lines_of(raw) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("written_as", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1250", "cp1250"),
        ("iso8859_2", "iso-8859-2"),
    ],
)
def test_polish_letters_in_every_encoding(tmp_path, workspace, written_as, told):
    raw = read(tmp_path, workspace, written(delimiter=";").encode(written_as))
    assert rows_of(raw) == ROWS
    assert list(raw.columns) == HEADER
    assert raw.files[0].encoding == told


def test_western_letters(tmp_path, workspace):
    rows = [["1", "Müller Café", "2024-01-01", "€5"], ["2", "Señor Garçon Peña", "2024-01-02", "€6"]]
    raw = read(tmp_path, workspace, written(rows).encode("cp1252"))
    assert rows_of(raw) == rows
    assert raw.files[0].encoding == "cp1252"


def test_letters_that_come_late_in_a_large_file(tmp_path, workspace):
    plain = [[str(i), "Jan Nowak", "2024-01-01", "1"] for i in range(200_000)]
    raw = read(tmp_path, workspace, written([*plain, ["x", "Żółć łąką", "2024-01-01", "1"]]).encode("cp1250"))
    assert rows_of(raw)[-1][1] == "Żółć łąką"
    assert raw.rejected == 0


def test_named_encoding_and_delimiter_overrule(tmp_path, workspace):
    raw = read(
        tmp_path, workspace, "a;b\nx,1;ą\ny,2;ę\n".encode("cp1250"), encoding="windows-1250", delimiter=";"
    )
    assert rows_of(raw) == [["x,1", "ą"], ["y,2", "ę"]]


def test_decimal_commas_do_not_split_a_semicolon_file(tmp_path, workspace):
    raw = read(tmp_path, workspace, "id;name;price\n1;Jan;12,50\n2;Ewa;3,10\n3;Ola;7,00\n")
    assert raw.columns == ("id", "name", "price")


def test_embedded_line_ends_keep_line_numbers_true(tmp_path, workspace):
    content = 'id,note,sum\n1,"two\nlines",5\n2,plain,6\n3,"a\n\nb\nc",7\n4,end,8\n'
    raw = read(tmp_path, workspace, content)
    assert [row[1] for row in rows_of(raw)] == ["two\nlines", "plain", "a\n\nb\nc", "end"]
    assert lines_of(raw) == [2, 4, 5, 9]
    assert [raw.line_of("orders.csv", row) for row in (1, 2, 3, 4)] == [2, 4, 5, 9]


def test_ragged_rows_are_rejected_with_their_lines(tmp_path, workspace):
    content = 'a,b,c\n1,2,3\n4,5\n"x\ny",1,2\n6,7,8,9\n\n9,9,9\n3,3\n5,5,5'
    raw = read(tmp_path, workspace, content)
    assert rows_of(raw) == [["1", "2", "3"], ["x\ny", "1", "2"], ["9", "9", "9"], ["5", "5", "5"]]
    assert rejects_of(raw) == [
        ("orders.csv", 3, "4,5", "too few cells"),
        ("orders.csv", 6, "6,7,8,9", "too many cells"),
        ("orders.csv", 9, "3,3", "too few cells"),
    ]
    assert lines_of(raw) == [2, 4, 8, 10]
    assert (raw.rejected, raw.files[0].records) == (3, 4)


def test_titles_above_and_sums_below(tmp_path, workspace):
    content = "Raport sprzedaży\nza rok 2024;;;\n\nid;data;klient;kwota\n1;2024-01-01;Jan;5\n2;2024-01-02;Ewa;6\n;;;\n;;;\n\n"
    raw = read(tmp_path, workspace, content)
    assert raw.columns == ("id", "data", "klient", "kwota")
    assert [row[0] for row in rows_of(raw)] == ["1", "2"]
    assert raw.files[0].header_line == 4
    assert raw.files[0].blank == 2
    assert lines_of(raw) == [5, 6]


def test_a_title_with_an_open_quote(tmp_path, workspace):
    raw = read(tmp_path, workspace, '"Raport "roczny\nid;data;kwota\n1;2024-01-01;5\n2;2024-01-02;6\n')
    assert raw.columns == ("id", "data", "kwota")
    assert lines_of(raw) == [3, 4]


def test_excels_separator_line(tmp_path, workspace):
    raw = read(tmp_path, workspace, "sep=;\r\nid;name, first;sum\r\n1;a, b;2\r\n")
    assert rows_of(raw) == [["1", "a, b", "2"]]
    assert raw.files[0].header_line == 2
    assert lines_of(raw) == [3]


def test_names_are_unique_and_never_empty(tmp_path, workspace):
    raw = read(tmp_path, workspace, "Name,name,,Total Price,__row,Name\na,b,c,d,e,f\n")
    assert raw.columns == ("Name", "name (2)", "column 3", "Total Price", "__row (2)", "Name (3)")
    assert rows_of(raw) == [list("abcdef")]


def test_empty_columns_at_the_end_disappear(tmp_path, workspace):
    assert read(tmp_path, workspace, "a,b,c,,\n1,2,3,,\n4,5,6,,\n").columns == ("a", "b", "c")
    assert read(tmp_path, workspace, "a,b,c\n1,2,3,\n4,5,6,\n", "more.csv").columns == ("a", "b", "c")


def test_rows_that_leave_out_empty_cells_at_their_end(tmp_path, workspace):
    raw = read(tmp_path, workspace, "id,sum,note,coupon\n1,5\n2,6\n3,7\n4,8,hello,X\n")
    assert rows_of(raw) == [
        ["1", "5", None, None],
        ["2", "6", None, None],
        ["3", "7", None, None],
        ["4", "8", "hello", "X"],
    ]


def test_a_file_without_a_header(tmp_path, workspace):
    raw = read(tmp_path, workspace, "00004,19970101,2,29.33\n00004,19970118,2,29.73\n")
    assert raw.columns == ("column 1", "column 2", "column 3", "column 4")
    assert len(rows_of(raw)) == 2
    assert lines_of(raw) == [1, 2]


def test_years_as_names_are_a_header(tmp_path, workspace):
    assert read(tmp_path, workspace, "shop,owner,city,2024\nA,B,C,5\n").columns == (
        "shop",
        "owner",
        "city",
        "2024",
    )


def test_single_quotes_backslashes_and_inches(tmp_path, workspace):
    assert rows_of(read(tmp_path, workspace, "'id','name'\n'1','a,b'\n'2','c'\n")) == [
        ["1", "a,b"],
        ["2", "c"],
    ]
    escaped = 'id,name,sum\n1,"say \\"hi, you\\"",5\n2,"b",6\n'
    assert rows_of(read(tmp_path, workspace, escaped, "e.csv"))[0] == ["1", 'say "hi, you"', "5"]
    inches = 'id\tname\tsum\n1\t5" pipe\t5\n2\t"big" shirt\t6\n3\t"\t7\n'
    assert rows_of(read(tmp_path, workspace, inches, "i.csv")) == [
        ["1", '5" pipe', "5"],
        ["2", '"big" shirt', "6"],
        ["3", '"', "7"],
    ]


def test_mixed_line_ends_even_beyond_the_sample(tmp_path, workspace):
    content = "a,b\r\n" + "1,2\r\n" * 300_000 + "3,4\n5,6\r\n"
    raw = read(tmp_path, workspace, content)
    assert rows_of(raw)[-2:] == [["3", "4"], ["5", "6"]]
    assert raw.files[0].records == 300_002
    early = read(tmp_path, workspace, "a,b\r\n1,2\n3,4\r\n", "early.csv")
    assert rows_of(early) == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.csv", "orders.txt"])
def test_gzip_by_content_not_by_name(tmp_path, workspace, name):
    raw = read(tmp_path, workspace, gzip.compress(written(delimiter=";").encode("cp1250")), name)
    assert rows_of(raw) == ROWS
    assert raw.files[0].compression == "gzip"
    assert lines_of(raw) == [2, 3, 4, 5]


def test_plain_text_that_calls_itself_gzip_and_zstd(tmp_path, workspace):
    import pyarrow as pa

    assert rows_of(read(tmp_path, workspace, written(), "orders.csv.gz")) == ROWS
    path = tmp_path / "orders.csv.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as out:
        out.write(written().encode())
    assert rows_of(read_raw(path, workspace)) == ROWS


def test_packed_ragged_files_still_tell_lines(tmp_path, workspace):
    raw = read(tmp_path, workspace, gzip.compress(b'a,b,c\n1,2\n"x\ny",2,3\n\n4,5,6\n1,1,1\n'), "o.csv.gz")
    assert [reject[1] for reject in rejects_of(raw)] == [2]
    assert lines_of(raw) == [3, 6, 7]


def test_a_few_wrong_bytes_in_a_utf8_file_are_rejects(tmp_path, workspace):
    content = (
        written([[str(i), "Łódź", "2024-01-01", "1"] for i in range(50_000)]).encode()
        + b"9,\xb3\xff,2024-01-01,1\n"
    )
    raw = read(tmp_path, workspace, content)
    assert raw.files[0].encoding == "utf-8"
    assert [(line, reason) for _, line, _, reason in rejects_of(raw)] == [
        (50_002, "the text is not valid in the file's encoding")
    ]


def test_random_tables_survive_as_pythons_csv_reads_them(tmp_path, workspace):
    """The oracle is Python's own reader: any cells, quoted by Python, come back equal, with true line numbers."""
    rng = random.Random(7)
    alphabet = ["a", "Ż", ",", ";", '"', "\n", " ", "1", "'", "\t", "é"]
    for case in range(25):
        width = rng.randrange(2, 6)
        rows = [
            ["".join(rng.choice(alphabet) for _ in range(rng.randrange(6))) for _ in range(width)]
            for _ in range(rng.randrange(3, 40))
        ]
        rows = [[f"k{i}", *row] for i, row in enumerate(rows)]
        content = written(
            rows,
            header=[f"name {c}" for c in "abcdefg"[: width + 1]],
            delimiter=rng.choice(",;|"),
            quoting=csv.QUOTE_ALL,
        )
        raw = read(tmp_path, workspace, content, f"case{case}.csv")
        assert rows_of(raw) == [[cell or None for cell in row] for row in rows], content
        expected, line = [], 2
        for row in rows:
            expected.append(line)
            line += 1 + sum(cell.count("\n") for cell in row)
        assert lines_of(raw) == expected


def test_rows_keep_their_order_and_numbers_in_large_files(tmp_path, workspace):
    path = tmp_path / "large.csv"
    with path.open("w") as out:
        out.write("id,sum,note\n")
        out.writelines(f"{i},{i % 97},some words to fill the line\n" for i in range(600_000))
        out.write("broken\n")
    raw = read_raw(path, workspace)
    con = workspace.door.connection
    assert con.execute(
        f"SELECT count(*), bool_and(id::BIGINT = __row - 1) FROM {raw.relation}"
    ).fetchone() == (600_000, True)
    assert [reject[1] for reject in rejects_of(raw)] == [600_002]


def test_tables_inside_cells_do_not_become_rows(tmp_path, workspace):
    """Parallel readers guess where rows begin; a cell that holds lines of the same shape must not fool them."""
    inner = "".join(f"{i},t,x\n" for i in range(20_000))
    content = "a,b,c\n" + "".join(f'{k},"{inner}",z\n1,2,3\n' for k in range(100))
    raw = read(tmp_path, workspace, content)
    assert raw.files[0].records == 200
    assert raw.rejected == 0


def test_folders_unite_by_name(tmp_path, workspace):
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.csv").write_text("id,sum,who\n1,2,x\n")
    (tmp_path / "sub" / "a.csv").write_text("WHO;id;sum;coupon\ny;3;4;C\n")
    (tmp_path / ".hidden.csv").write_text("zzz")
    (tmp_path / "notes.md").write_text("# nothing")
    raw = read_raw(tmp_path, workspace)
    con = workspace.door.connection
    assert raw.columns == ("id", "sum", "who", "coupon")
    assert con.execute(f"SELECT * FROM {raw.relation} ORDER BY __file").fetchall() == [
        ("1", "2", "x", None, "b.csv", 1),
        ("3", "4", "y", "C", "sub/a.csv", 1),
    ]
    assert sorted(read.name for read in raw.files) == ["b.csv", "sub/a.csv"]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("shopify/csv_exports/orders_export.csv", 15_243),
        ("shopify/csv_exports/customers_export.csv", 120),
        ("woocommerce/csv_exports/webtoffee_orders.csv", 150),
        ("magento/csv_exports/sales_order_grid.csv", 300),
    ],
)
def test_real_exports_equal_pythons_reading(real_data, workspace, name, records):
    path = real_data / "store_formats" / name
    raw = read_raw(path, workspace)
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle)
        header = next(reader)
        expected, lines, line = [], [], reader.line_num + 1
        for row in reader:
            expected.append([cell or None for cell in row])
            lines.append(line)
            line = reader.line_num + 1
    assert len(expected) == records
    assert list(raw.columns) == header
    assert rows_of(raw) == expected
    assert lines_of(raw) == lines
