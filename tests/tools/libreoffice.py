#!/usr/bin/env python3
"""xtdb in LibreOffice over ODBC: Base's connection, and a sheet of Calc with a chart of hours.

    libreoffice.py EXTENSION FOLDER

SCREENSHOT=FILE.png keeps a picture of the sheet, where libreoffice-draw is installed.
"""

import os
import pathlib
import subprocess
import sys
import time
import unittest
import zipfile

import uno
from com.sun.star.awt import Rectangle
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.sdb.CommandType import COMMAND
from com.sun.star.sdbc import SQLException
from com.sun.star.sheet.DataImportMode import SQL
from com.sun.star.table.CellContentType import TEXT, VALUE
from com.sun.star.util import DateTime

EXTENSION, FOLDER = "", ""
NO_SYMBOL = -3


def setting(name, value):
    return PropertyValue(Name=name, Value=value)


class Office:
    """A LibreOffice without windows, with a profile of its own."""

    def __init__(self):
        pipe = f"xtdb{os.getpid()}"
        profile = pathlib.Path(FOLDER, "profile").as_uri()
        self.process = subprocess.Popen(
            ["soffice", "--headless", "--norestore", "--nologo", f"-env:UserInstallation={profile}"]
            + [f"--accept=pipe,name={pipe};urp"],
            stderr=subprocess.DEVNULL,
        )
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext(
            "com.sun.star.bridge.UnoUrlResolver", local
        )
        until = time.monotonic() + 60
        while True:
            try:
                self.context = resolver.resolve(
                    f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext"
                )
                break
            except NoConnectException:
                if time.monotonic() > until:
                    self.process.kill()
                    raise
                time.sleep(0.2)

    def make(self, service):
        return self.context.ServiceManager.createInstanceWithContext(service, self.context)

    def close(self):
        try:
            self.make("com.sun.star.frame.Desktop").terminate()
            self.process.wait(30)
        finally:
            self.process.kill()


class LibreOffice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ini = pathlib.Path(FOLDER, "odbc.ini")
        ini.write_text(
            f"[plant]\nDriver = SQLite3\nDatabase = {FOLDER}/plant.db\n"
            f"LoadExt = {EXTENSION}\nTimeout = 10000\n"
        )
        os.environ.update(ODBCINI=str(ini), HOME=FOLDER)
        cls.office = Office()

    @classmethod
    def tearDownClass(cls):
        cls.office.close()

    def setUp(self):
        manager = self.office.make("com.sun.star.sdbc.DriverManager")
        self.db = manager.getConnectionWithInfo("sdbc:odbc:plant", (setting("CharSet", "utf-8"),))
        self.open = []

    def tearDown(self):
        # A result that outlives its connection ends LibreOffice with signal 6.
        for one in reversed(self.open):
            one.close()
        self.db.close()

    def rows(self, result, *getters):
        """Of each row what the getters of its columns give."""
        self.open.append(result)
        found = []
        while result.next():
            found.append(tuple(getattr(result, get)(i) for i, get in enumerate(getters, start=1)))
        return found

    def ask(self, sql, *getters):
        statement = self.db.createStatement()
        self.open.append(statement)
        return self.rows(statement.executeQuery(sql), *getters)

    def test_rows_have_types(self):
        statement = self.db.createStatement()
        self.open.append(statement)
        result = statement.executeQuery("SELECT * FROM plant WHERE tag = 'boiler.temp'")
        columns = result.getMetaData()
        self.assertEqual(
            [columns.getColumnTypeName(i) for i in range(1, 5)],
            ["TEXT", "TIMESTAMP", "NUMERIC", "INTEGER"],
        )
        rows = self.rows(result, "getString", "getTimestamp", "getDouble", "getInt")
        self.assertEqual([row[2] for row in rows], [71.25, 72.75, 0.0, 70.5])
        self.assertEqual([row[3] for row in rows], [192, 192, 0, 64])
        moment = rows[2][1]
        self.assertEqual(
            [moment.Year, moment.Month, moment.Day, moment.Hours, moment.NanoSeconds],
            [2026, 1, 1, 9, 123456000],
        )

    def test_texts_need_a_cast(self):
        state = "FROM plant WHERE tag = 'pump.state'"
        self.assertEqual(self.ask("SELECT value " + state, "getString"), [("",)])
        cast = "SELECT CAST(value AS TEXT) " + state
        self.assertEqual(self.ask(cast, "getString"), [("läuft",)])

    def test_the_catalogue(self):
        data = self.db.getMetaData()
        tables = self.rows(data.getTables(None, "%", "%", ("TABLE",)), *["getString"] * 3)
        self.assertLessEqual({"area", "boiler", "hourly", "plant"}, {row[2] for row in tables})
        columns = self.rows(data.getColumns(None, "%", "plant", "%"), *["getString"] * 6)
        self.assertEqual(
            [(row[3], row[5]) for row in columns],
            [("tag", "TEXT"), ("time", "TIMESTAMP"), ("value", "NUMERIC"), ("quality", "INTEGER")],
        )

    def test_times_are_bound(self):
        statement = self.db.prepareStatement(
            "SELECT time, count, avg FROM hourly WHERE tag = 'boiler.temp' AND time >= ?"
        )
        self.open.append(statement)
        statement.setTimestamp(1, DateTime(Year=2026, Month=1, Day=1, Hours=8, Minutes=30))
        rows = self.rows(statement.executeQuery(), "getString", "getInt", "getDouble")
        self.assertEqual([row[1:] for row in rows], [(1, 70.5)])
        self.assertTrue(rows[0][0].startswith("2026-01-01 09:00:00"), rows)

    def test_a_rollback_undoes(self):
        self.db.setAutoCommit(False)
        statement = self.db.createStatement()
        self.open.append(statement)
        count = "SELECT count(*) FROM plant WHERE tag = 'draft'"
        self.assertEqual(
            statement.executeUpdate("INSERT INTO plant VALUES ('draft', '2026-01-01', 1, 192)"), 1
        )
        self.assertEqual(self.ask(count, "getInt"), [(1,)])
        self.db.rollback()
        self.assertEqual(self.ask(count, "getInt"), [(0,)])

    def test_errors_have_their_text(self):
        with self.assertRaisesRegex(SQLException, 'not a time: "x"'):
            self.ask("SELECT * FROM plant WHERE time = 'x'")

    def test_a_sheet_and_a_chart(self):
        self.register_source()
        sheet, document = self.new_sheet()
        cells = self.fill(
            document,
            sheet,
            'SELECT "time", "min", "avg", "max" FROM "hourly" WHERE "tag" = \'million\' '
            "AND \"time\" >= {ts '2026-01-02 00:00:00'} AND \"time\" < {ts '2026-01-03 00:00:00'} "
            'ORDER BY "time"',
        )
        self.assertEqual([cells.EndRow, cells.EndColumn], [24, 3])
        names = [sheet.getCellByPosition(i, 0).getString() for i in range(4)]
        self.assertEqual(names, ["time", "min", "avg", "max"])
        first = [sheet.getCellByPosition(i, 1) for i in range(4)]
        self.assertEqual([cell.getValue() for cell in first[1:]], [43200.0, 44099.75, 44999.5])
        self.assertEqual(first[0].getString(), "2026-01-02 00:00")
        self.assertEqual(sheet.getCellByPosition(0, 24).getString(), "2026-01-02 23:00")
        chart = self.draw(sheet, cells)
        self.assertEqual(chart.Data.ColumnDescriptions, ("min", "avg", "max"))
        self.assertEqual(chart.Data.Data[23], (84600.0, 85499.75, 86399.5))
        self.assertGreater(self.drawn_bytes(document, "hours"), 10000)
        if "SCREENSHOT" in os.environ:
            document.storeToURL(
                pathlib.Path(os.environ["SCREENSHOT"]).absolute().as_uri(),
                (setting("FilterName", "calc_png_Export"),),
            )
        document.close(True)

    def test_dragged_counts_are_texts_unless_multiplied(self):
        self.register_source()
        sheet, document = self.new_sheet()
        columns = '"time", "count", "count" * 1.0 AS "n", "avg"'
        sheet.getCellRangeByPosition(0, 0, 0, 0).doImport(
            (
                setting("DatabaseName", "Plant"),
                setting("SourceType", SQL),
                setting("SourceObject", f"SELECT {columns} FROM \"hourly\" WHERE \"tag\" = 'million'"),
            )
        )
        cells = [sheet.getCellByPosition(i, 1) for i in range(4)]
        self.assertEqual([cell.Type for cell in cells], [VALUE, TEXT, VALUE, VALUE])
        self.assertEqual([cell.getString() for cell in cells[1:]], ["3600", "3600", "899.75"])
        document.close(True)

    def new_sheet(self):
        desktop = self.office.make("com.sun.star.frame.Desktop")
        document = desktop.loadComponentFromURL(
            "private:factory/scalc", "_blank", 0, (setting("Hidden", True),)
        )
        return document.Sheets.getByIndex(0), document

    def register_source(self):
        """As File, New, Database does it: a file that names the data source of ODBC."""
        sources = self.office.make("com.sun.star.sdb.DatabaseContext")
        if sources.hasRegisteredDatabase("Plant"):
            return
        source = sources.createInstance()
        source.URL = "sdbc:odbc:plant"
        source.Settings.CharSet = "utf-8"
        source.DatabaseDocument.storeAsURL(pathlib.Path(FOLDER, "plant.odb").as_uri(), ())
        sources.registerObject("Plant", source)

    def fill(self, document, sheet, sql):
        """What a macro does: a set of rows of the registered database goes into the cells.

        LibreOffice reads the statement itself, and takes min and the like for functions, unless
        they are quoted."""
        rows = self.office.make("com.sun.star.sdb.RowSet")
        rows.DataSourceName = "Plant"
        rows.CommandType = COMMAND
        rows.Command = sql
        rows.execute()
        count = rows.getColumns().getCount()
        for i, name in enumerate(rows.getColumns().getElementNames()):
            sheet.getCellByPosition(i, 0).setString(name)
        line = 0
        while rows.next():
            line += 1
            sheet.getCellByPosition(0, line).setFormula(rows.getString(1)[:19])
            for i in range(1, count):
                sheet.getCellByPosition(i, line).setValue(rows.getDouble(i + 1))
        rows.dispose()
        cells = sheet.getCellRangeByPosition(0, 0, count - 1, line)
        form = sheet.getCellRangeByPosition(0, 1, 0, line)
        form.NumberFormat = self.number_format(document, "YYYY-MM-DD HH:MM")
        cells.Columns.OptimalWidth = True
        return cells.getRangeAddress()

    def number_format(self, document, code):
        formats = document.getNumberFormats()
        locale = uno.createUnoStruct("com.sun.star.lang.Locale", "en", "US", "")
        known = formats.queryKey(code, locale, False)
        return known if known >= 0 else formats.addNew(code, locale)

    def draw(self, sheet, cells):
        """A scatter of lines: LibreOffice's line chart knows days, and shows nothing of hours."""
        sheet.Charts.addNewByName("hours", Rectangle(500, 12500, 15500, 9000), (cells,), True, True)
        chart = sheet.Charts.getByName("hours").EmbeddedObject
        chart.Diagram = chart.createInstance("com.sun.star.chart.XYDiagram")
        chart.Diagram.SymbolType = NO_SYMBOL
        axis = chart.Diagram.XAxis
        axis.LinkNumberFormatToSource = False
        axis.NumberFormat = self.number_format(chart, "HH:MM")
        day = sheet.getCellByPosition(0, 1).getValue()
        axis.Min, axis.Max, axis.StepMain = day, day + 1, 1 / 8
        return chart

    def drawn_bytes(self, document, chart):
        """The picture that is stored beside a chart; one of nothing takes a few hundred bytes."""
        stored = pathlib.Path(FOLDER, "sheet.ods")
        document.storeToURL(stored.as_uri(), (setting("FilterName", "calc8"),))
        with zipfile.ZipFile(stored) as parts:
            return parts.getinfo(f"ObjectReplacements/{chart}").file_size


if __name__ == "__main__":
    EXTENSION, FOLDER = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main()
