package enginehouse;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.Progressable;

/**
 * s3://bucket/key over the two mounts of a sandbox: what the run declared, to read, and its output, to write.
 *
 * The kernel enforces both; this class only gives them their names, and says in words what was refused. Compiled with
 * Janino: no wildcard imports, no lambdas.
 */
public class RunFileSystem extends FileSystem {
    private final RawLocalFileSystem local = new RawLocalFileSystem();
    private URI uri;
    private File in;
    private File out;
    /** The output prefix itself; every other folder below `out` is only the way to it. */
    private File output;
    private Path workingDirectory;

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(name, conf);
        String bucket = name.getAuthority();
        if (bucket == null || bucket.isEmpty() || bucket.startsWith(".")) {
            throw new IOException("an object uri is s3://bucket/key, not " + name);
        }
        uri = URI.create(name.getScheme() + "://" + bucket);
        in = new File(conf.get("fs.enginehouse.in"), bucket);
        out = new File(conf.get("fs.enginehouse.out"), bucket);
        output = new File(conf.get("fs.enginehouse.output"));
        workingDirectory = new Path(uri + "/");
        local.initialize(URI.create("file:///"), conf);
        if (!in.isDirectory() && !out.isDirectory()) {
            throw new FileNotFoundException("the bucket " + bucket + " holds no source of this run");
        }
    }

    @Override
    public URI getUri() {
        return uri;
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        return local.open(new Path(existing(path).toURI()), bufferSize);
    }

    @Override
    public FSDataOutputStream create(Path path, FsPermission permission, boolean overwrite, int bufferSize,
            short replication, long blockSize, Progressable progress) throws IOException {
        return local.create(writable(path), overwrite, bufferSize, replication, blockSize, progress);
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) throws IOException {
        return local.append(writable(path), bufferSize, progress);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        return local.rename(writable(from), writable(to));
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        File file = new File(out, key(path));
        if (file.equals(output)) {
            // A mount point cannot be removed; empty, it counts as absent.
            String[] names = output.list();
            boolean done = names != null;
            for (int i = 0; done && i < names.length; i++) {
                done = local.delete(new Path(new File(output, names[i]).toURI()), recursive);
            }
            return done;
        }
        if (find(path) == null) {
            return false;
        }
        return local.delete(writable(path), recursive);
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        File found = existing(path);
        if (!found.isDirectory()) {
            return new FileStatus[] {status(path, found)};
        }
        TreeMap<String, FileStatus> entries = new TreeMap<String, FileStatus>();
        File[] folders = {new File(in, key(path)), new File(out, key(path))};
        for (File folder : folders) {
            String[] names = folder.list();
            for (int i = 0; names != null && i < names.length; i++) {
                File file = new File(folder, names[i]);
                if (file.exists() && !hidden(file)) {
                    entries.put(names[i], status(new Path(path, new Path(null, null, names[i])), file));
                }
            }
        }
        FileStatus[] list = new FileStatus[entries.size()];
        int next = 0;
        for (FileStatus entry : entries.values()) {
            list[next++] = entry;
        }
        return list;
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) throws IOException {
        File file = new File(out, key(path));
        if (file.equals(output) || wayToOutput(file)) {
            return true;
        }
        return local.mkdirs(writable(path));
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        return status(path, existing(path));
    }

    @Override
    public void setWorkingDirectory(Path path) {
        workingDirectory = path;
    }

    @Override
    public Path getWorkingDirectory() {
        return workingDirectory;
    }

    /** What the path names, the run's own output first. */
    private File find(Path path) throws IOException {
        String key = key(path);
        File written = new File(out, key);
        if (written.exists() && !hidden(written)) {
            return written;
        }
        File given = new File(in, key);
        return given.exists() ? given : null;
    }

    private File existing(Path path) throws IOException {
        File file = find(path);
        if (file == null) {
            throw new FileNotFoundException(path + " does not exist, or is no source of this run");
        }
        return file;
    }

    private Path writable(Path path) throws IOException {
        File file = new File(out, key(path));
        if (!file.getPath().startsWith(output.getPath() + "/")) {
            throw new AccessControlException(path + " is read-only for this run: write below OUTPUT_PATH");
        }
        return new Path(file.toURI());
    }

    /** An object store has no empty folders: the output prefix exists once something is below it. */
    private boolean hidden(File file) {
        if (!file.equals(output) && !wayToOutput(file)) {
            return false;
        }
        String[] names = output.list();
        return names == null || names.length == 0;
    }

    private boolean wayToOutput(File file) {
        return output.getPath().startsWith(file.getPath() + "/");
    }

    private String key(Path path) throws IOException {
        String key = makeQualified(path).toUri().getPath();
        for (String part : key.split("/")) {
            if (part.equals("..") || part.equals(".")) {
                throw new IOException("an object's key has no `.` and no `..`: " + path);
            }
        }
        return key;
    }

    private FileStatus status(Path path, File file) throws IOException {
        // Rebuilt: the local file system's own statuses carry its paths and owners.
        return new FileStatus(file.length(), file.isDirectory(), 1, getDefaultBlockSize(path), file.lastModified(),
                makeQualified(path));
    }
}
