import java.io.*;
import java.nio.charset.StandardCharsets;
import org.apache.maven.artifact.versioning.*;

/** Maven's own classes. Reads lines of two fields, prints what `oakum debug version|range maven` would; `jvm` is Runtime.Version. */
public class Maven {
  static String order(int n) {
    return n < 0 ? "<" : n > 0 ? ">" : "=";
  }
  public static void main(String[] args) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.ISO_8859_1));
    StringBuilder out = new StringBuilder();
    for (String line; (line = in.readLine()) != null;) {
      String[] f = line.split("\t", -1);
      try {
        switch (args[0]) {
          case "version": out.append(order(new ComparableVersion(f[0]).compareTo(new ComparableVersion(f[1])))); break;
          case "jvm": out.append(order(Runtime.Version.parse(f[0]).compareTo(Runtime.Version.parse(f[1])))); break;
          default:
            VersionRange range = VersionRange.createFromVersionSpec(f[0]);
            out.append(range.containsVersion(new DefaultArtifactVersion(f[1])) ? "yes" : "no");
        }
      } catch (InvalidVersionSpecificationException | RuntimeException e) {
        out.append("!");
      }
      out.append('\n');
    }
    System.out.print(out);
  }
}
