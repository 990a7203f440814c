// xtdb over JDBC, the driver of xerial: java -cp sqlite-jdbc.jar Jdbc.java EXTENSION FOLDER

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;

public class Jdbc {
  private static final String SMALL = " FROM plant WHERE tag <> 'million'";
  private static int failures = 0;
  private static String extension;
  private static String database;

  private static void expect(String what, Object wanted, Object got) {
    if (Objects.equals(wanted, got))
      return;
    System.out.println(what + ":\n  wanted: " + wanted + "\n  got:    " + got);
    ++failures;
  }

  private static void expectIn(String what, String part, String got) {
    if (!got.contains(part))
      expect(what, "... " + part + " ...", got);
  }

  private static Connection connect(String dateClass) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("enable_load_extension", "true");
    properties.setProperty("busy_timeout", "10000");
    if (dateClass != null)
      properties.setProperty("date_class", dateClass);
    Connection db = DriverManager.getConnection("jdbc:sqlite:" + database, properties);
    try (Statement statement = db.createStatement()) {
      statement.execute("SELECT load_extension('" + extension + "')");
    }
    return db;
  }

  // All rows, a list of objects for each.
  private static List<List<Object>> ask(Connection db, String sql, Object... arguments)
      throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    try (PreparedStatement statement = db.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; ++i) statement.setObject(i + 1, arguments[i]);
      if (!statement.execute())
        return rows;
      ResultSet result = statement.getResultSet();
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<Object> row = new ArrayList<>();
        for (int i = 1; i <= columns; ++i) row.add(result.getObject(i));
        rows.add(row);
      }
    }
    return rows;
  }

  private static String errorOf(Connection db, String sql, Object... arguments) {
    try {
      return "no error, but " + ask(db, sql, arguments);
    } catch (SQLException error) {
      return error.getMessage();
    }
  }

  private static void rowsHaveTypes(Connection db) throws SQLException {
    expect("rows",
        "[[boiler.temp, 2026-01-01 08:00:00.000, 71.25, 192],"
            + " [boiler.temp, 2026-01-01 08:30:00.000, 72.75, 192],"
            + " [boiler.temp, 2026-01-01 09:00:00.123456, null, 0],"
            + " [boiler.temp, 2026-01-01 09:30:00.000, 70.5, 64],"
            + " [pump.speed, 2026-01-01 08:00:00.000, 9007199254740993, 192],"
            + " [pump.state, 2026-01-01 08:00:00.000, l\u00e4uft, 192],"
            + " [valve.open, 2026-01-01 08:00:00.000, 1, 192]]",
        ask(db, "SELECT *" + SMALL).toString());
    try (Statement statement = db.createStatement()) {
      ResultSet result = statement.executeQuery("SELECT *, ts" + SMALL);
      ResultSetMetaData columns = result.getMetaData();
      StringBuilder names = new StringBuilder();
      for (int i = 1; i <= columns.getColumnCount(); ++i) {
        names.append(columns.getColumnName(i))
            .append(' ')
            .append(columns.getColumnTypeName(i))
            .append(", ");
      }
      expect("types", "tag TEXT, time TIMESTAMP, value NUMERIC, quality INTEGER, ts BIGINT, ",
          names.toString());
      expect("the type of time", Types.TIMESTAMP, columns.getColumnType(2));
      expect("a row", true, result.next());
      expect("getTimestamp", Timestamp.valueOf("2026-01-01 08:00:00"), result.getTimestamp("time"));
      expect("getLong", 1767254400000000L, result.getLong("ts"));
      expect("getDouble", 71.25, result.getDouble("value"));
    }
  }

  // Six digits of fraction: getTimestamp takes them for milliseconds, and is two minutes ahead.
  private static void microsecondsAreReadFromTs(Connection db) throws SQLException {
    try (Statement statement = db.createStatement()) {
      ResultSet result = statement.executeQuery(
          "SELECT time, ts FROM plant WHERE tag = 'boiler.temp' AND quality = 0");
      expect("a row", true, result.next());
      expect("the driver's reading", Timestamp.valueOf("2026-01-01 09:02:03.456"),
          result.getTimestamp("time"));
      expect("the text", "2026-01-01 09:00:00.123456", result.getString("time"));
      expect("ts", Instant.parse("2026-01-01T09:00:00.123456Z"),
          Instant.EPOCH.plus(result.getLong("ts"), ChronoUnit.MICROS));
    }
  }

  private static void theCatalogue(Connection db) throws SQLException {
    DatabaseMetaData data = db.getMetaData();
    List<String> tables = new ArrayList<>();
    ResultSet result = data.getTables(null, null, "%", new String[] {"TABLE"});
    while (result.next()) tables.add(result.getString("TABLE_NAME"));
    for (String name : new String[] {"area", "boiler", "hourly", "plant"}) {
      expect("getTables has " + name, true, tables.contains(name));
    }
    List<String> columns = new ArrayList<>();
    result = data.getColumns(null, null, "plant", "%");
    while (result.next()) {
      columns.add(result.getString("COLUMN_NAME") + " " + result.getString("TYPE_NAME") + " "
          + result.getString("IS_NULLABLE"));
    }
    expect("getColumns", "[tag TEXT NO, time TIMESTAMP NO, value NUMERIC YES, quality INTEGER YES]",
        columns.subList(0, 4).toString());
  }

  private static void timesAreBound(Connection db) throws SQLException {
    String from = "SELECT ts FROM plant WHERE tag = 'boiler.temp' AND ";
    String wanted = "[[1767256200000000], [1767258000123456], [1767259800000000]]";
    expect("a Timestamp", wanted,
        ask(db, from + "time >= ?", Timestamp.valueOf("2026-01-01 08:30:00")).toString());
    expect("a text", wanted, ask(db, from + "time >= ?", "2026-01-01T08:30Z").toString());
    expect("a number", wanted, ask(db, from + "ts >= ?", 1767256200000000L).toString());
    expect("of a table of buckets", "[[2026-01-01 09:00:00.000, 1, 70.5]]",
        ask(db, "SELECT time, count, avg FROM hourly WHERE tag = 'boiler.temp' AND time >= ?",
            Timestamp.valueOf("2026-01-01 08:30:00"))
            .toString());
    ask(db, "INSERT INTO plant(tag, time, value) VALUES (?, ?, ?)", "bound",
        Timestamp.valueOf("2026-03-01 10:00:00.25"), 2.5);
    expect("stored", "[[2026-03-01 10:00:00.250, 2.5]]",
        ask(db, "SELECT time, value FROM plant WHERE tag = 'bound'").toString());
    // The driver's own way is a number of milliseconds, and told from a time.
    try (Connection plain = connect(null)) {
      expectIn("without date_class", "date_class=TEXT",
          errorOf(plain, from + "time >= ?", Timestamp.valueOf("2026-01-01 08:30:00")));
    }
  }

  private static void transactions(Connection db) throws SQLException {
    String count = "SELECT count(*) FROM plant WHERE tag = 'draft'";
    db.setAutoCommit(false);
    try (PreparedStatement insert =
             db.prepareStatement("INSERT INTO plant(tag, ts, value) VALUES ('draft', ?, ?)")) {
      for (int i = 0; i < 1000; ++i) {
        insert.setLong(1, 1767225600000000L + i);
        insert.setDouble(2, i);
        insert.addBatch();
      }
      insert.executeBatch();
    }
    expect("in the transaction", "[[1000]]", ask(db, count).toString());
    db.rollback();
    expect("after the rollback", "[[0]]", ask(db, count).toString());
    ask(db, "INSERT INTO plant VALUES ('draft', '2026-01-01', 1, NULL)");
    db.commit();
    db.setAutoCommit(true);
    try (Connection other = connect("TEXT")) {
      expect("for others", "[[1]]", ask(other, count).toString());
    }
  }

  private static void errorsReachTheCaller(Connection db) {
    expectIn("a time that is none", "not a time: \"x\"",
        errorOf(db, "SELECT * FROM plant WHERE time = 'x'"));
    expectIn("a type that does not fit", "does not fit the type float64",
        errorOf(db, "INSERT INTO plant VALUES ('boiler.temp', '2026-01-02', 'hot', 192)"));
    expectIn(
        "no such table", "no xtdb table \"plnt\"", errorOf(db, "SELECT * FROM xtdb_tags('plnt')"));
  }

  private static void aMillionRows(Connection db) throws SQLException {
    try (Statement statement = db.createStatement()) {
      ResultSet result =
          statement.executeQuery("SELECT tag, time, value FROM plant WHERE tag = 'million'");
      int count = 0;
      double sum = 0;
      String last = null;
      for (; result.next(); ++count) {
        last = result.getString(2);
        sum += result.getDouble(3);
      }
      expect("count", 1000000, count);
      expect("sum", 249999750000.0, sum);
      expect("the last one", "2026-01-12 13:46:39.000", last);
    }
  }

  public static void main(String[] arguments) throws SQLException {
    extension = arguments[0];
    database = arguments[1] + "/plant.db";
    try (Connection db = connect("TEXT")) {
      rowsHaveTypes(db);
      microsecondsAreReadFromTs(db);
      theCatalogue(db);
      timesAreBound(db);
      transactions(db);
      errorsReachTheCaller(db);
      aMillionRows(db);
    }
    System.out.println(failures == 0 ? "all as it should be" : failures + " checks failed");
    System.exit(failures == 0 ? 0 : 1);
  }
}
