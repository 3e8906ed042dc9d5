package shop.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Logger;

/** Splits a line of comma-separated values. */
public final class Csv {
    private static final Logger LOG = Logger.getLogger("shop.worker");

    private Csv() {}

    public static List<String> split(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (char c : line.toCharArray()) {
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        if (quoted) {
            LOG.severe("ERROR in line <" + line + ">: quote is not closed");
            throw new IllegalArgumentException("quote is not closed");
        }
        fields.add(field.toString());
        LOG.info("read " + fields.size() + " fields");
        return fields;
    }
}
