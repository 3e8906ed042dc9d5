# javac, the JVM, JUnit, Maven (offline, with Debian's repository) and Kotlin.
export MAVEN='mvn -B -o -Dmaven.repo.local=/usr/share/maven-repo -Dstyle.color=never'

pom() {
  file pom.xml <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example.shop</groupId>
  <artifactId>cart</artifactId>
  <version>1.0</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>junit</groupId><artifactId>junit</artifactId><version>4.x</version><scope>test</scope>
    </dependency>
    $1
  </dependencies>
</project>
XML
}

fail_javac_symbol() {
  root 'Cart.java:3: error: cannot find symbol'
  printf 'class Cart {\n    int total() {\n        return totals;\n    }\n}\n' >Cart.java
  printf 'class ErrorPage {\n    Integer n = new Integer(3);\n}\n' >ErrorPage.java
  javac ErrorPage.java Cart.java
}

fail_javac_syntax() {
  codearts '构建Java:official_shell_javac'
  root "Cart.java:2: error: ';' expected"
  printf 'class Cart {\n    int n = 3\n}\n' >Cart.java
  javac Cart.java
}

fail_java_exception() {
  root 'Caused by: java.lang.NumberFormatException: For input string: "three"'
  root 'Exception in thread "main" java.lang.IllegalStateException: no prices'
  file Shop.java <<'JAVA'
class Shop {
    static int price(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalStateException("no prices", e);
        }
    }
    public static void main(String[] args) {
        System.out.println("ERROR handler installed");
        System.out.println(price("three"));
    }
}
JAVA
  javac Shop.java && java Shop
}

fail_java_memory() {
  codearts '构建Java:official_shell_java'
  root 'java.lang.OutOfMemoryError: Java heap space'
  printf 'class Shop {\n    public static void main(String[] a) {\n        System.out.println(new long[99_000_000].length);\n    }\n}\n' >Shop.java
  javac Shop.java && java -Xmx16m Shop
}

fail_java_class() {
  root 'Could not find or load main class example.Shop'
  java -cp . example.Shop
}

fail_java_version() {
  root 'java.lang.UnsupportedClassVersionError: Shop has been compiled by a more recent version'
  printf 'class Shop {\n    public static void main(String[] a) { }\n}\n' >Shop.java
  javac Shop.java
  printf '\x00\x00\x00\x50' | dd of=Shop.class bs=1 seek=4 conv=notrunc status=none
  java Shop
}

fail_junit_assert() {
  root 'total(CartTest)'
  root 'java.lang.AssertionError: expected:<5> but was:<4>'
  file CartTest.java <<'JAVA'
import static org.junit.Assert.assertEquals;
import org.junit.Test;

public class CartTest {
    @Test public void errors() { System.err.println("ERROR payment failed: expected"); }
    @Test public void total() { assertEquals(5, 2 * 2); }
}
JAVA
  export CLASSPATH=.:/usr/share/java/junit4.jar:/usr/share/java/hamcrest-all.jar
  javac CartTest.java && java org.junit.runner.JUnitCore CartTest
}

fail_maven_compile() {
  root 'Cart.java:[5,16] cannot find symbol'
  pom
  printf 'package shop;\n\nclass Cart {\n    int total() {\n        return totals;\n    }\n}\n' | file src/main/java/shop/Cart.java
  $MAVEN compile
}

fail_maven_test() {
  codearts 'Maven构建:official_shell_maven'
  root 'expected:<5> but was:<4>'
  pom
  file src/test/java/shop/CartTest.java <<'JAVA'
package shop;

import static org.junit.Assert.*;
import org.junit.Test;

public class CartTest {
    @Test public void testError() { System.out.println("[ERROR] printed by a test that passes"); }
    @Test public void testTotal() { assertEquals(5, 2 * 2); }
    @Test(expected = IllegalStateException.class) public void testFailure() { throw new IllegalStateException("expected"); }
}
JAVA
  $MAVEN test
}

fail_maven_dependency() {
  root 'Could not resolve dependencies for project example.shop:cart:jar:1.0'
  root 'example.shop:payments:jar:9.9'
  pom '<dependency><groupId>example.shop</groupId><artifactId>payments</artifactId><version>9.9</version></dependency>'
  $MAVEN compile
}

fail_maven_pom() {
  codearts 'Maven构建:official_shell_maven'
  root "Non-parseable POM"
  root "'dependencies.dependency.version' for example.shop:payments:jar is missing"
  pom '<dependency><groupId>example.shop</groupId><artifactId>payments</artifactId></dependency>'
  $MAVEN compile
}

fail_maven_goal() {
  root 'Unknown lifecycle phase "pakcage"'
  pom
  $MAVEN pakcage
}

pass_maven_noise() {
  codearts 'Maven构建:official_shell_maven'
  pom
  file src/main/java/shop/ErrorHandler.java <<'JAVA'
package shop;

public class ErrorHandler {
    public int failures() { System.err.println("java.lang.IllegalStateException: handled\n\tat shop.ErrorHandler.failures(ErrorHandler.java:4)"); return 0; }
}
JAVA
  file src/test/java/shop/ErrorHandlerTest.java <<'JAVA'
package shop;

import static org.junit.Assert.*;
import org.junit.Test;

public class ErrorHandlerTest {
    @Test public void testFailure() { assertEquals(0, new ErrorHandler().failures()); System.out.println("2026-09-10 10:00:00 ERROR shop - BUILD FAILURE was printed"); }
    @Test(expected = AssertionError.class) public void testError() { fail("expected"); }
}
JAVA
  $MAVEN test
}

fail_kotlin_types() {
  root 'error: type mismatch: inferred type is String but Int was expected'
  printf 'fun total(n: Int): Int = n * 2\n\nfun main() {\n    val error = 1\n    println(total("2"))\n}\n' >shop.kt
  kotlinc shop.kt -d shop.jar
}
