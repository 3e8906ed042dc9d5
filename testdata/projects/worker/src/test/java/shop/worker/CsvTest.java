package shop.worker;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.util.List;
import org.junit.Test;

public class CsvTest {
    @Test
    public void splits() {
        for (int line = 1; line <= 30; line++) {
            assertEquals(List.of("" + line, "a, b", ""), Csv.split(line + ",\"a, b\","));
        }
    }

    @Test
    public void refusesAnOpenQuote() {
        assertThrows(IllegalArgumentException.class, () -> Csv.split("1,\"a"));
    }
}
